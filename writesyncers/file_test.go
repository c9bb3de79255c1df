package writesyncers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"example.com/zaphandlers/writesyncers/internal/fsys"
	base "example.com/zaphandlers/zapcore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
)

func TestFileModes(t *testing.T) {
	for _, tt := range []struct {
		name   string
		mode   Mode
		before string
		want   string
		err    error
	}{
		{"append goes on at the end", ModeAppend, "old\n", "old\nnew\n", nil},
		{"truncate empties the file", ModeTruncate, "old\n", "new\n", nil},
		{"exclusive refuses a file that exists", ModeExclusive, "old\n", "old\n", fs.ErrExist},
		{"append makes a file", ModeAppend, "", "new\n", nil},
		{"exclusive makes a file", ModeExclusive, "", "new\n", nil},
	} {
		for _, delay := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, delay %v", tt.name, delay), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "app.log")
				if tt.before != "" {
					require.NoError(t, os.WriteFile(path, []byte(tt.before), 0o600))
				}
				f, err := NewFile(FileConfig{Path: path, Mode: tt.mode, Delay: delay})
				if err == nil {
					_, err = f.Write([]byte("new\n"))
					require.NoError(t, f.Close())
				}
				if tt.err != nil {
					assert.ErrorIs(t, err, tt.err)
				} else {
					assert.NoError(t, err)
				}
				assert.Equal(t, tt.want, read(t, path))
			})
		}
	}
}

func TestFileDelayOpensAtTheFirstRecord(t *testing.T) {
	dir := t.TempDir()
	f, err := NewFile(FileConfig{Path: filepath.Join(dir, "app.log"), Delay: true})
	require.NoError(t, err)
	require.NoError(t, f.Sync(), "nothing to sync")
	assert.Empty(t, names(t, dir))
	write(t, f, "one\n")
	assert.Equal(t, []string{"app.log"}, names(t, dir))
	require.NoError(t, f.Close())
}

func TestFileKnowsItsPlaceWhateverTheWorkingDirectory(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	f, err := NewFile(FileConfig{Path: "app.log", Delay: true})
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	write(t, f, "one\n")
	require.NoError(t, f.Close())
	assert.Equal(t, "one\n", read(t, filepath.Join(dir, "app.log")))
}

func TestFileMakesDirectoriesOnlyIfAsked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b", "app.log")
	_, err := NewFile(FileConfig{Path: path})
	assert.ErrorIs(t, err, fs.ErrNotExist)
	f, err := NewFile(FileConfig{Path: path, MakeDirs: true})
	require.NoError(t, err)
	write(t, f, "one\n")
	require.NoError(t, f.Close())
	assert.Equal(t, "one\n", read(t, path))
}

func TestFileConfigErrorsNameTheField(t *testing.T) {
	for _, tt := range []struct {
		cfg  FileConfig
		want string
	}{
		{FileConfig{}, "writesyncers: Path is required"},
		{FileConfig{Path: "a\x00b"}, `writesyncers: Path "a\x00b" contains NUL`},
		{FileConfig{Path: "logs/"}, `writesyncers: Path "logs/" is that of a directory: write that of a file`},
		{FileConfig{Path: "a", Mode: 7}, "writesyncers: Mode 7 is unknown: there are ModeAppend, ModeTruncate and ModeExclusive"},
		{FileConfig{Path: "a", Perm: fs.ModeDir}, "writesyncers: Perm d--------- has bits beyond the permissions; write 0o640"},
	} {
		_, err := NewFile(tt.cfg)
		assert.EqualError(t, err, tt.want)
	}
}

func TestFileAfterClose(t *testing.T) {
	f, err := NewFile(FileConfig{Path: filepath.Join(t.TempDir(), "app.log")})
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, f.Close(), "a second Close does nothing")
	_, err = f.Write([]byte("late\n"))
	assert.ErrorIs(t, err, os.ErrClosed)
	_, err = f.WriteRecords(batch("late\n"))
	assert.ErrorIs(t, err, os.ErrClosed)
	assert.ErrorIs(t, f.Sync(), os.ErrClosed)
	assert.Equal(t, uint64(2), f.Stats().Refused)
}

func TestFileGivesATornLineAnEnd(t *testing.T) {
	for _, tt := range []struct {
		name, found, record, want string
	}{
		{"a line cut short by a kill", "one\ntw", "three\n", "one\ntw\nthree\n"},
		{"a whole last line", "one\n", "two\n", "one\ntwo\n"},
		{"an empty file", "", "one\n", "one\n"},
		{"records that are no lines", "one,tw", "three,", "one,twthree,"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "app.log")
			require.NoError(t, os.WriteFile(path, []byte(tt.found), 0o600))
			f, err := NewFile(FileConfig{Path: path})
			require.NoError(t, err)
			write(t, f, "", tt.record) // an empty record changes nothing
			require.NoError(t, f.Close())
			assert.Equal(t, tt.want, read(t, path))
		})
	}
}

// toUTF16 is an Encode for files in UTF-16, little end first.
func toUTF16(dst, src []byte) ([]byte, error) {
	if bytes.Contains(src, []byte("refuse")) {
		return nil, errors.New("cannot be encoded")
	}
	if bytes.Contains(src, []byte("panic")) {
		panic("at the encoder")
	}
	for _, u := range utf16.Encode([]rune(string(src))) {
		dst = append(dst, byte(u), byte(u>>8))
	}
	return dst, nil
}

func TestFileEncode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	f, err := NewFile(FileConfig{Path: path, Encode: toUTF16})
	require.NoError(t, err)
	write(t, f, "é\n")
	n, err := f.WriteRecords(batch("a\n", "b\n", "refuse\n", "c\n", "panic\n"))
	assert.EqualError(t, err, "2 records rejected: writesyncers: Encode: cannot be encoded")
	assert.Equal(t, 5, n)
	var rejected *base.RejectedError
	require.ErrorAs(t, err, &rejected)
	assert.Equal(t, []int{2, 4}, rejected.Indexes)
	n, err = f.Write([]byte("panic\n"))
	assert.EqualError(t, err, "writesyncers: Encode: panic: at the encoder")
	assert.Zero(t, n)
	require.NoError(t, f.Close())
	assert.Equal(t, "\xe9\x00\n\x00a\x00\n\x00b\x00\n\x00c\x00\n\x00", read(t, path))
	assert.Equal(t, Stats{Stats: base.Stats{Accepted: 4, Delivered: 4, Refused: 3}, Bytes: 16, Opens: 1}, f.Stats())
	n, err = f.WriteRecords(batch("refuse\n"))
	assert.ErrorIs(t, err, ErrClosed)
	assert.Zero(t, n)

	torn, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = torn.WriteString("t\x00")
	require.NoError(t, err)
	require.NoError(t, torn.Close())
	f, err = NewFile(FileConfig{Path: path, Encode: toUTF16})
	require.NoError(t, err)
	write(t, f, "d\n")
	require.NoError(t, f.Close())
	assert.Contains(t, read(t, path), "t\x00\n\x00d\x00\n\x00", "a line end in the file's own character set")
}

// A record that cannot be encoded does not hold up those behind it in a queue, which would try it again for ever.
func TestFileEncodeBehindAQueue(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "later", "app.log")
	f, err := NewFile(FileConfig{Path: path, Encode: toUTF16, Delay: true})
	require.NoError(t, err)
	core := base.FromWriter(zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "m"}), f, nil)
	var b base.Batch
	for _, message := range []string{"refuse", "a", "refuse", "panic", "b"} {
		var r base.Record
		require.NoError(t, r.Capture(zapcore.Entry{Message: message}, base.Context{}, nil))
		b.Add(r.Bytes())
	}
	n, err := core.WriteBatch(&b)
	assert.Equal(t, 1, n, "there is no such directory")
	var rejected *base.RejectedError
	require.ErrorAs(t, err, &rejected)
	assert.Equal(t, []int{0}, rejected.Indexes)
	var retry *base.RetryError
	require.ErrorAs(t, err, &retry)
	assert.ErrorIs(t, err, fs.ErrNotExist)

	require.NoError(t, os.Mkdir(filepath.Dir(path), 0o700))
	n, err = core.WriteBatch(&b)
	assert.Equal(t, 5, n)
	require.ErrorAs(t, err, &rejected)
	assert.Equal(t, []int{0, 2, 3}, rejected.Indexes)
	assert.NotErrorAs(t, err, &retry)
	require.NoError(t, f.Close())
	assert.Equal(t, `{"m":"a"}`+"\n"+`{"m":"b"}`+"\n", strings.ReplaceAll(read(t, path), "\x00", ""))
}

// The records of a batch are counted one by one, also through zapcore.Lock, and through several writers.
func TestBatchesThroughWrappersOfZap(t *testing.T) {
	for name, wrap := range map[string]func(zapcore.WriteSyncer) zapcore.WriteSyncer{
		"Lock": zapcore.Lock,
		"NewMultiWriteSyncer": func(ws zapcore.WriteSyncer) zapcore.WriteSyncer {
			return zapcore.NewMultiWriteSyncer(ws, zapcore.AddSync(io.Discard))
		},
	} {
		f, dir := rotating(t, RotatingFileConfig{MaxBytes: 20, BackupCount: -1})
		var b base.Batch
		for range 10 {
			var r base.Record
			require.NoError(t, r.Capture(zapcore.Entry{Message: "a"}, base.Context{}, nil))
			b.Add(r.Bytes())
		}
		n, err := base.FromWriter(zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "m"}), wrap(f), nil).WriteBatch(&b)
		require.NoError(t, err, name)
		require.Equal(t, 10, n, name)
		require.NoError(t, f.Close())
		assert.Equal(t, base.Stats{Accepted: 10, Delivered: 10}, f.Stats().Stats, name)
		assert.Len(t, names(t, dir), 10, "one of ten bytes a file: %s", name)
	}
}

func TestFileTakesRecordsFromManyGoroutines(t *testing.T) {
	dir := t.TempDir()
	f, err := NewFile(FileConfig{Path: filepath.Join(dir, "app.log")})
	require.NoError(t, err)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				_, err := fmt.Fprintf(f, "%d/%d\n", g, i)
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
	require.NoError(t, f.Close())
	seen := map[string]int{}
	for _, line := range allLines(t, dir, "app.log") {
		seen[line]++
	}
	assert.Len(t, seen, 1600)
	assert.Equal(t, uint64(1600), f.Stats().Delivered)
}

func TestWritesAllocateNothing(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	dir := t.TempDir()
	made := func(w writeCloser, err error) writeCloser {
		require.NoError(t, err)
		return w
	}
	path := func(name string) string { return filepath.Join(dir, name+".log") }
	copying := func(dst, src []byte) ([]byte, error) { return append(dst, src...), nil }
	record := bytes.Repeat([]byte("x"), 200)
	b, ends := batch("one\n", "two\n", "three\n")
	for name, w := range map[string]writeCloser{
		"stream":   NewStream(discard{}),
		"file":     made(NewFile(FileConfig{Path: path("file")})),
		"encoded":  made(NewFile(FileConfig{Path: path("encoded"), Encode: copying})),
		"buffered": made(NewFile(FileConfig{Path: path("buffered"), Buffer: 64 << 10})),
		"each":     made(NewFile(FileConfig{Path: path("each"), Fsync: FsyncEach})),
		"interval": made(NewFile(FileConfig{Path: path("interval"), Fsync: FsyncInterval})),
		"rotating": made(NewRotatingFile(RotatingFileConfig{Path: path("rotating"), MaxBytes: 1 << 30, BackupCount: 1})),
		"shared":   made(NewRotatingFile(RotatingFileConfig{Path: path("shared"), MaxBytes: 1 << 30, BackupCount: 1, Shared: fsys.CanShare})),
		"timed":    made(NewTimedRotatingFile(TimedRotatingFileConfig{Path: path("timed")})),
		"watched":  made(NewWatchedFile(WatchedFileConfig{Path: path("watched"), CheckEvery: checkEvery})),
		"every":    made(NewWatchedFile(WatchedFileConfig{Path: path("every"), CheckEvery: time.Second})),
	} {
		assert.Zero(t, testing.AllocsPerRun(500, func() { _, _ = w.Write(record) }), "%s: Write", name)
		assert.Zero(t, testing.AllocsPerRun(500, func() { _, _ = w.WriteRecords(b, ends) }), "%s: WriteRecords", name)
		require.NoError(t, w.Close())
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// checkEvery: checking the path allocates nothing on Linux, where it is a system call of our own.
var checkEvery = map[bool]time.Duration{true: 0, false: time.Second}[runtime.GOOS == "linux"]
