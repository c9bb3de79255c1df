package writesyncers

import (
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
)

// combinations are settings that would have no effect, or not the one that was meant. Each is refused by a message that says what to do.
var combinations = []struct {
	name string
	new  func(path string) (any, error)
	want string
}{
	{"Compress and no BackupCount", rotatingWith(RotatingFileConfig{MaxBytes: 9, Compress: Gzip}), "BackupCount is 0, so that the file never rolls over, and Compress has no effect: set BackupCount"},
	{"Namer and no BackupCount", rotatingWith(RotatingFileConfig{Namer: strings.ToUpper}), "Namer has no effect"},
	{"Rotator and no BackupCount", rotatingWith(RotatingFileConfig{Rotator: os.Rename}), "Rotator has no effect"},
	{"OnRotate and no BackupCount", rotatingWith(RotatingFileConfig{OnRotate: func(string, string) {}}), "OnRotate has no effect"},
	{"ShouldRollover and no BackupCount", rotatingWith(RotatingFileConfig{ShouldRollover: func(int64, int) bool { return true }}), "ShouldRollover has no effect"},
	{"Shared and no BackupCount", rotatingWith(RotatingFileConfig{Shared: true}), "Shared has no effect"},
	{"FsyncOnRotate and no BackupCount", rotatingWith(RotatingFileConfig{Fsync: FsyncOnRotate}), "Fsync: FsyncOnRotate has no effect"},
	{"FsyncOnRotate of a File", fileWith(FileConfig{Fsync: FsyncOnRotate}), "Fsync: FsyncOnRotate has no effect on a File, which never rolls over: FsyncOnSync is the default, FsyncNever leaves it to the system"},
	{"28 for days", rotatingWith(RotatingFileConfig{BackupCount: 1, MaxAge: 28}), "MaxAge 28ns is too short, the least is 1s: a number without a unit is one of nanoseconds; write 28*time.Second, or 28*24*time.Hour for days"},
	{"a week of seconds", rotatingWith(RotatingFileConfig{BackupCount: 1, MaxAge: 604800}), "MaxAge 604.8µs is too short"},
	{"5 for seconds", fileWith(FileConfig{Buffer: 9, FlushEvery: 5}), "FlushEvery 5ns is too short"},
	{"10 for seconds", fileWith(FileConfig{Fsync: FsyncInterval, FsyncEvery: 10}), "FsyncEvery 10ns is too short"},
	{"30 for seconds", watchedWith(WatchedFileConfig{CheckEvery: 30}), "CheckEvery 30ns is too short"},
	{"Notify and CheckEvery", watchedWith(WatchedFileConfig{Notify: true, CheckEvery: time.Second}), "Notify asks with every record, and CheckEvery is 1s: leave one of them out"},
	{"FlushEvery and no Buffer", fileWith(FileConfig{FlushEvery: time.Second}), "FlushEvery has an effect only with a Buffer"},
	{"FsyncEvery without its policy", fileWith(FileConfig{FsyncEvery: time.Second}), "FsyncEvery has an effect only with Fsync: FsyncInterval"},
	{"AtTime with hours", timedWith(TimedRotatingFileConfig{AtTime: "12:00"}), `AtTime has an effect only with When midnight or W0 to W6, not with "H"`},
	{"Next and When", timedWith(TimedRotatingFileConfig{When: "D", Next: func(t time.Time) time.Time { return t.Add(time.Hour) }}), "Next and When, Interval or AtTime exclude each other"},
	{"a Buffer no memory holds", fileWith(FileConfig{Buffer: math.MaxInt}), "is more than 1073741824: it is memory"},
	{"a Symlink that is the file", func(path string) (any, error) {
		return NewRotatingFile(RotatingFileConfig{Path: path, Symlink: filepath.Dir(path) + "/./" + filepath.Base(path)})
	}, "is Path itself"},
	{"a decimal mode", fileWith(FileConfig{Perm: 640}), "write 0o640"},
	{"an unknown Mode", fileWith(FileConfig{Mode: 7}), "there are ModeAppend, ModeTruncate and ModeExclusive"},
	{"an unknown Fsync", fileWith(FileConfig{Fsync: -1}), "there are FsyncOnSync, FsyncNever"},
	{"an unknown Compress", rotatingWith(RotatingFileConfig{BackupCount: 1, Compress: "zstd"}), `there is "gzip"`},
	{"an unknown When", timedWith(TimedRotatingFileConfig{When: "weekly"}), "there are S, M, H, D, midnight, and W0 (Monday) to W6"},
	{"a Namer of the log itself", rotatingWith(RotatingFileConfig{BackupCount: 1, Namer: func(name string) string { return strings.TrimSuffix(name, filepath.Ext(name)) }}), "Namer"},
	{"a Namer of nothing", rotatingWith(RotatingFileConfig{BackupCount: 1, Namer: func(string) string { return "" }}), "Namer"},
	{"a Namer of a directory that is not there", timedWith(TimedRotatingFileConfig{Namer: func(name string) string { return filepath.Join(filepath.Dir(name), "no", "such", filepath.Base(name)) }}), "Namer"},
}

func fileWith(cfg FileConfig) func(string) (any, error) {
	return func(path string) (any, error) { cfg.Path = path; return NewFile(cfg) }
}

func watchedWith(cfg WatchedFileConfig) func(string) (any, error) {
	return func(path string) (any, error) { cfg.Path = path; return NewWatchedFile(cfg) }
}

func rotatingWith(cfg RotatingFileConfig) func(string) (any, error) {
	return func(path string) (any, error) { cfg.Path = path; return NewRotatingFile(cfg) }
}

func timedWith(cfg TimedRotatingFileConfig) func(string) (any, error) {
	return func(path string) (any, error) { cfg.Path = path; return NewTimedRotatingFile(cfg) }
}

func TestSettingsWithoutEffectAreRefused(t *testing.T) {
	for _, tt := range combinations {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			_, err := tt.new(filepath.Join(dir, "app.log"))
			require.Error(t, err)
			assert.ErrorContains(t, err, tt.want)
			assert.True(t, strings.HasPrefix(err.Error(), "writesyncers: "), err.Error())
			assert.Empty(t, names(t, dir), "nothing was opened")
		})
	}
}

// Limits other than BackupCount say how much is to be kept as well.
func TestMaxBytesWithoutABackupCount(t *testing.T) {
	for name, cfg := range map[string]RotatingFileConfig{
		"MaxTotalBytes": {MaxBytes: 100, MaxTotalBytes: 500, Compress: Gzip},
		"MaxAge":        {MaxBytes: 100, MaxAge: time.Hour},
	} {
		f, dir := rotating(t, cfg)
		for i := range 100 {
			write(t, f, fmt.Sprintf("record %02d\n", i))
		}
		require.NoError(t, f.Close())
		assert.Less(t, len(read(t, filepath.Join(dir, "app.log"))), 100, name)
		assert.Greater(t, len(names(t, dir)), 3, name)
	}
}

// effects says how each field of each Config shows that it has an effect: by a test, or because it is refused. A new field has to be
// entered here, and then be held by what is named.
var effects = map[string]string{
	"Path": "TestFileModes", "Mode": "TestFileModes", "Delay": "TestFileDelayOpensAtTheFirstRecord", "Perm": "TestFileModes",
	"MakeDirs": "TestFileMakesDirectoriesOnlyIfAsked", "Encode": "TestFileEncode", "Header": "TestHeader", "Fsync": "TestFsyncPolicies",
	"FsyncEvery": "TestFsyncPolicies", "Buffer": "TestBufferIsWrittenWhenFullAtSyncAndAtClose", "FlushEvery": "TestBufferIsWrittenInTime",
	"OnError": "TestEveryHookThatPanics", "CheckEvery": "TestWatchedFileCheckEvery", "Notify": "TestWatchedFileNotify",
	"MaxBytes": "TestRotatingFileKeepsPythonsRule", "BackupCount": "TestRotatingFileKeepsPythonsRule", "Namer": "TestRotatingFileNamer",
	"Rotator": "TestRotatingFileRotator", "ShouldRollover": "TestRotatingFileShouldRollover", "Compress": "TestCompress",
	"MaxAge": "TestMaxAgeAndMaxTotalBytes", "MaxTotalBytes": "TestMaxAgeAndMaxTotalBytes", "OnRotate": "TestOnRotate",
	"Symlink": "TestSymlinkLeadsToTheFile", "Shared": "TestTwoProcessesOnOnePath", "When": "TestScheduleNext", "Interval": "TestScheduleNext",
	"AtTime": "TestScheduleNext", "Location": "TestScheduleNext", "Next": "TestTimedRotatingFileWithATimetableOfOnesOwn", "Clock": "TestTimedRotatingFileWhenTheClockIsSet",
}

func TestEveryFieldHasAnEffect(t *testing.T) {
	sources := ""
	files, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	for _, file := range files {
		sources += read(t, file)
	}
	fields := map[string]bool{}
	for _, config := range []any{FileConfig{}, WatchedFileConfig{}, RotatingFileConfig{}, TimedRotatingFileConfig{}} {
		for i := range reflect.TypeOf(config).NumField() {
			fields[reflect.TypeOf(config).Field(i).Name] = true
		}
	}
	for field := range fields {
		if assert.NotEmpty(t, effects[field], "%s: which test shows what it does?", field) {
			assert.Contains(t, sources, "func "+effects[field]+"(t *testing.T)", field)
		}
	}
	for field := range effects {
		assert.True(t, fields[field], "%s is no field", field)
	}
}

// values are one for each parameter of a URL that is not the default. Together with the test below they show that a
// parameter reaches its field.
var values = map[string]string{
	"mode": "exclusive", "delay": "true", "perm": "0600", "makeDirs": "true", "header": "h", "fsync": "never", "fsyncEvery": "5s",
	"buffer": "4k", "flushEvery": "5s", "maxBytes": "1k", "backups": "3", "maxAge": "7d", "maxTotalBytes": "1M", "compress": "gzip",
	"symlink": "link", "shared": "true", "when": "midnight", "interval": "2", "atTime": "12:00", "location": "UTC", "checkEvery": "5s",
	"notify": "true",
}

func TestEveryParameterReachesItsField(t *testing.T) {
	schemes := map[string]struct {
		known  []string
		config func(s *sinkSettings) any
	}{
		"rotate": {slices.Concat(commonParameters, rotatingParameters, []string{"mode"}), func(s *sinkSettings) any { return s.rotating() }},
		"timed":  {slices.Concat(commonParameters, rotatingParameters, []string{"when", "interval", "atTime", "location"}), func(s *sinkSettings) any { return s.timed() }},
		"watch":  {slices.Concat(commonParameters, []string{"mode", "checkEvery", "notify"}), func(s *sinkSettings) any { return s.watched() }},
	}
	tested := map[string]bool{}
	for scheme, tt := range schemes {
		without := tt.config(new(sinkSettings))
		for _, name := range tt.known {
			tested[name] = true
			s := new(sinkSettings)
			require.NotEmpty(t, values[name], "%s: a value that is not the default?", name)
			require.NoError(t, s.set(name, values[name]), name)
			assert.NotEqual(t, without, tt.config(s), "%s: %s has no effect", scheme, name)
		}
	}
	assert.Equal(t, slices.Sorted(maps.Keys(values)), slices.Sorted(maps.Keys(tested)))
}

func TestURLsThatAreMisread(t *testing.T) {
	require.NoError(t, RegisterSinks())
	for query, want := range map[string]string{
		"rotate:x?backups=2&compress":        `parameter "compress": has no value`,
		"rotate:x?backups=2&compress=":       `parameter "compress": has no value`,
		"timed:x?location=":                  `parameter "location": has no value`,
		"timed:x?when=":                      `parameter "when": has no value`,
		"rotate:x?maxBytes=":                 `parameter "maxBytes": has no value`,
		"rotate:x?maxBytes=0.3":              `"0.3" is no size such as 10MiB`,
		"rotate:x?backups=2&maxAge=28":       `parameter "maxAge": "28" has no unit: write 28s for seconds, 28h for hours or 28d for days`,
		"rotate:x?backups=2&maxAge=28ns":     `MaxAge 28ns is too short`,
		"rotate:x?maxBytes=1k&compress=gzip": `BackupCount is 0`,
		"rotate:x?fsync=always":              `"always" is unknown: there are each, interval, never, rotate, sync`,
		"watch:x?mode=a":                     `"a" is unknown: there are append, exclusive, truncate`,
		"watch:x?rotate=1":                   `parameter "rotate" is unknown: there are buffer, checkEvery, delay`,
		"timed:x?when=H&atTime=12:00":        `AtTime has an effect only with`,
		"rotate:x?backups=five":              `"five" is no number such as 5`,
		"timed:x?location=Berlin":            `it is one such as UTC, Local or Europe/Berlin`,
		"rotate:x?backups=1&flushEvery=1s":   `FlushEvery has an effect only with a Buffer`,
		"rotate:x?maxBytes=1k&shared":        `Shared has no effect`,
		"rotate:x?backups=3&compress=gzip":   `without maxBytes the file never rolls over`,
		"rotate:x?maxAge=7d":                 `write maxBytes=10MiB`,
		"rotate:x?maxBytes=1k":               `without backups the file never rolls over, and maxBytes has no effect: write backups=5`,
		"rotate:x?fsync=rotate":              `Fsync: FsyncOnRotate has no effect`,
	} {
		_, _, err := zap.Open(query)
		assert.ErrorContains(t, err, want, query)
	}
}
