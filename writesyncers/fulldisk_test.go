//go:build linux

package writesyncers

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	base "example.com/zaphandlers/zapcore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// smallDisk mounts a file system of some pages and returns its directory.
func smallDisk(t *testing.T, bytes int) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", bytes)); err != nil {
		t.Skipf("cannot mount a small file system: %v", err)
	}
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(dir, unix.MNT_DETACH)) })
	return dir
}

// writeUntil writes numbered records until want returns false, and remembers which were accepted.
func writeUntil(t *testing.T, w interface{ Write([]byte) (int, error) }, accepted map[string]bool, stop func(err error) bool) {
	t.Helper()
	for i := 0; ; i++ {
		require.Less(t, i, 100_000)
		record := fmt.Sprintf("record %d %s\n", len(accepted)+i*1_000_000, strings.Repeat("x", 100))
		_, err := w.Write([]byte(record))
		accepted[record] = err == nil
		if err != nil {
			assert.ErrorIs(t, err, unix.ENOSPC)
		}
		if stop(err) {
			return
		}
	}
}

// checkFull wants every accepted record once, on a line of its own. A piece of a refused one may have a line of its own,
// too.
func checkFull(t *testing.T, dir string, accepted map[string]bool, pieces int) {
	t.Helper()
	seen := map[string]int{}
	torn := 0
	for _, name := range names(t, dir) {
		if !strings.HasPrefix(name, "app.log") {
			continue
		}
		for line := range strings.Lines(plain(t, filepath.Join(dir, name))) {
			if _, known := accepted[line]; !known {
				torn++
				assert.NotContains(t, line[1:], "record", "a torn line with another glued to it")
			}
			seen[line]++
		}
	}
	for record, ok := range accepted {
		if ok {
			assert.Equal(t, 1, seen[record], record)
		} else {
			assert.Zero(t, seen[record], record)
		}
	}
	assert.LessOrEqual(t, torn, pieces)
}

func TestFullDisk(t *testing.T) {
	for name, open := range map[string]func(path string) (io.WriteCloser, error){
		"file": func(path string) (io.WriteCloser, error) { return NewFile(FileConfig{Path: path}) },
		"rotating": func(path string) (io.WriteCloser, error) {
			return NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 30_000, BackupCount: -1, OnError: func(error) {}})
		},
		"compressing": func(path string) (io.WriteCloser, error) {
			return NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 90_000, BackupCount: -1, Compress: Gzip, OnError: func(error) {}})
		},
		"buffered": func(path string) (io.WriteCloser, error) { return NewFile(FileConfig{Path: path, Buffer: 10_000}) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := smallDisk(t, 200<<10)
			ballast := filepath.Join(dir, "ballast")
			require.NoError(t, os.WriteFile(ballast, make([]byte, 100<<10), 0o600))
			w, err := open(filepath.Join(dir, "app.log"))
			require.NoError(t, err)
			accepted := map[string]bool{}
			refused := 0
			writeUntil(t, w, accepted, func(err error) bool {
				if err != nil {
					refused++
				}
				return refused == 10
			})
			require.NoError(t, os.Remove(ballast))
			taken := 0
			require.Eventually(t, func() bool {
				record := fmt.Sprintf("record %d later\n", len(accepted))
				_, err := w.Write([]byte(record))
				accepted[record] = err == nil
				if err == nil {
					taken++
				}
				return taken == 100
			}, 10*time.Second, 100*time.Microsecond)
			require.NoError(t, w.Close())
			pieces := 1
			if name == "buffered" {
				pieces = 0
			}
			checkFull(t, dir, accepted, pieces)
			for _, name := range names(t, dir) {
				assert.False(t, strings.HasPrefix(name, "."), name)
			}
		})
	}
}

func TestBufferThatIsLostAtCloseIsCounted(t *testing.T) {
	dir := smallDisk(t, 64<<10)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ballast"), make([]byte, 64<<10), 0o600))
	f, err := NewFile(FileConfig{Path: filepath.Join(dir, "app.log"), Buffer: 1 << 20, OnError: func(error) {}})
	require.NoError(t, err)
	write(t, f, "one\n", "two\n")
	assert.ErrorIs(t, f.Sync(), unix.ENOSPC)
	var lost *LostError
	require.ErrorAs(t, f.Close(), &lost)
	assert.Equal(t, uint64(2), lost.Records)
	assert.ErrorIs(t, lost, unix.ENOSPC)
	assert.Equal(t, base.Stats{Accepted: 2, Dropped: 2}, f.Stats().Stats)
}

// Errors name the log, whatever its file was called when it was made.
func TestErrorsNameTheLog(t *testing.T) {
	dir := smallDisk(t, 64<<10)
	f, err := NewRotatingFile(RotatingFileConfig{Path: filepath.Join(dir, "app.log"), MaxBytes: 4000, BackupCount: -1, OnError: func(error) {}})
	require.NoError(t, err)
	line := []byte(strings.Repeat("x", 999) + "\n")
	for range 100 {
		if _, err = f.Write(line); err != nil {
			break
		}
	}
	var path *fs.PathError
	require.ErrorAs(t, err, &path)
	assert.Equal(t, filepath.Join(dir, "app.log"), path.Path)
	require.NoError(t, f.Close())
}

// A record that exactly fills the Buffer stays in it when the disk takes nothing, and its Write returns nil. A larger one is refused.
func TestARecordThatFillsTheBufferOnAFullDisk(t *testing.T) {
	f, err := NewFile(FileConfig{Path: "/dev/full", Buffer: 8, OnError: func(error) {}})
	require.NoError(t, err)
	write(t, f, "1234567\n")
	for _, record := range []string{"8\n", "larger than it\n"} {
		_, err = f.Write([]byte(record))
		require.ErrorIs(t, err, unix.ENOSPC)
	}
	require.Equal(t, base.Stats{Accepted: 1, Pending: 1, Refused: 2}, f.Stats().Stats)
	var lost *base.LostError
	require.ErrorAs(t, f.Close(), &lost)
	require.Equal(t, uint64(1), lost.Records)
	require.Equal(t, base.Stats{Accepted: 1, Dropped: 1, Refused: 2}, f.Stats().Stats)
}

// If the system does not let a file grow any more (RLIMIT_FSIZE, the 4 GiB of FAT), one record is lost, and the file rolls over.
func TestAFileThatMayBecomeNoLarger(t *testing.T) {
	const limit = 4 << 20 // the test's own log of what it opens is smaller
	for _, cfg := range []RotatingFileConfig{{MaxBytes: 1 << 30}, {MaxTotalBytes: 1 << 30}, {MaxBytes: 1 << 30, Buffer: 640_000, FlushEvery: -1}} {
		cfg.BackupCount, cfg.OnError = -1, func(error) {}
		f, dir := rotating(t, cfg)
		limitFiles(t, limit, func() {
			accepted, refused := map[string]bool{}, 0
			for i := range 200 {
				record := fmt.Sprintf("%d %s.", i, strings.Repeat("x", 64*1500))
				if _, err := io.WriteString(f, record+"\n"); err != nil {
					assert.ErrorIs(t, err, unix.EFBIG)
					refused++
				} else {
					accepted[record] = true
				}
			}
			require.NoError(t, f.Close()) // all files have their names
			assert.LessOrEqual(t, refused, 5, "one in each file")
			assert.Equal(t, uint64(4), f.Stats().Rotations)
			for _, line := range allLines(t, dir, "app.log") {
				delete(accepted, line)
			}
			assert.Empty(t, accepted)
		})
	}
}

// limitFiles makes the system let no file grow beyond a size while f runs.
func limitFiles(t *testing.T, bytes uint64, f func()) {
	t.Helper()
	var before unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_FSIZE, &before))
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: bytes, Max: before.Max}))
	defer func() { require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &before)) }()
	f()
}
