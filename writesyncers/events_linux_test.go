package writesyncers

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.com/zaphandlers/writesyncers/internal/fsys"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// eventsIn watches a directory and returns a function that returns what has happened to its names since: "+name" for one that came,
// "-name" for one that left.
func eventsIn(t *testing.T, dir string) func() []string {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	require.NoError(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	_, err = unix.InotifyAddWatch(fd, dir, unix.IN_CREATE|unix.IN_DELETE|unix.IN_MOVED_FROM|unix.IN_MOVED_TO)
	require.NoError(t, err)
	return func() (events []string) {
		buf := make([]byte, 1<<16)
		n, _ := unix.Read(fd, buf)
		for at := 0; at < n; {
			mask, length := binary.NativeEndian.Uint32(buf[at+4:]), int(binary.NativeEndian.Uint32(buf[at+12:]))
			name := string(bytes.TrimRight(buf[at+16:at+16+length], "\x00"))
			sign := "+"
			if mask&(unix.IN_DELETE|unix.IN_MOVED_FROM) != 0 {
				sign = "-"
			}
			events = append(events, sign+name)
			at += 16 + length
		}
		return events
	}
}

// A watcher of the directory sees the next file take the log's name, and never sees that name disappear. So a reader that closes a file
// whose name disappears, and opens one whose name appears, misses nothing. It sees no names but those of the log, of complete backups, and
// of the hidden directory.
func TestWhatAWatcherOfTheDirectorySees(t *testing.T) {
	for name, cfg := range map[string]RotatingFileConfig{
		"numbered":   {MaxBytes: 1 << 20, BackupCount: 2},
		"compressed": {MaxBytes: 1 << 20, BackupCount: 2, Compress: Gzip},
		"small":      {MaxBytes: 100, BackupCount: 2},
	} {
		t.Run(name, func(t *testing.T) {
			f, dir := rotating(t, cfg)
			events := eventsIn(t, dir)
			line := strings.Repeat("x", int(cfg.MaxBytes)/20)
			var seen []string
			for i := range 90 {
				write(t, f, fmt.Sprintf("%d %s\n", i, line))
				seen = append(seen, events()...)
			}
			require.NoError(t, f.Rollover())
			require.NoError(t, f.Close())
			seen = append(seen, events()...)
			came := 0
			for _, event := range seen {
				switch event {
				case "-app.log":
					t.Errorf("the log's name has left: %v", seen)
				case "+app.log":
					came++
				default:
					backup := strings.HasPrefix(event[1:], "app.log.") && (cfg.Compress == "") == !strings.HasSuffix(event, gz)
					assert.True(t, backup || event[1:] == ".app.log.rotation", "%s is seen", event)
				}
			}
			assert.Equal(t, int(f.Stats().Rotations), came)
		})
	}
}

// Another process has the lock of the log and does not release it: that is reported after a second, and the log rotates all the same,
// unless it is Shared.
func TestALockThatIsNotToBeHad(t *testing.T) {
	for _, shared := range []bool{false, true} {
		t.Run(fmt.Sprint("shared ", shared), func(t *testing.T) {
			var told errorLog
			f, dir := rotating(t, RotatingFileConfig{MaxBytes: 100, BackupCount: 2, Shared: shared, OnError: told.add})
			hidden := filepath.Join(dir, ".app.log.rotation")
			require.NoError(t, os.Mkdir(hidden, 0o700))
			lock, err := os.Open(hidden)
			require.NoError(t, err)
			require.NoError(t, unix.Flock(int(lock.Fd()), unix.LOCK_EX))
			records := 0
			require.Eventually(t, func() bool {
				write(t, f, "a record\n")
				records++
				return len(told.list()) > 0
			}, 10*time.Second, 10*time.Millisecond)
			assert.ErrorContains(t, told.list()[0], "lock "+f.path+": locked by another process")
			write(t, f, "one more\n")
			if shared {
				assert.Zero(t, f.Stats().Rotations)
			} else {
				assert.NotZero(t, f.Stats().Rotations)
			}
			require.NoError(t, lock.Close())
			require.Eventually(t, func() bool {
				write(t, f, strings.Repeat("y", 60)+"\n")
				records++
				return len(told.list()) == 2
			}, 10*time.Second, 10*time.Millisecond)
			assert.ErrorContains(t, told.list()[1], "works again")
			require.NoError(t, f.Close())
			assert.NotContains(t, names(t, dir), ".app.log.rotation")
		})
	}
}

// A process is stopped (SIGSTOP) after it has rolled a file over, and before that file has its name: others wait for a second, and go on.
func TestAnotherProcessThatIsStopped(t *testing.T) {
	for _, shared := range []bool{false, true} {
		t.Run(fmt.Sprint("shared ", shared), func(t *testing.T) {
			dir := t.TempDir()
			hidden := filepath.Join(dir, ".app.log.rotation")
			require.NoError(t, os.Mkdir(hidden, 0o700))
			stopped := filepath.Join(hidden, "out-00000000000000000001-1-1")
			require.NoError(t, os.WriteFile(stopped, []byte("its\n"), 0o600))
			its, err := os.Open(stopped)
			require.NoError(t, err)
			require.True(t, fsys.LockShared(its))
			f, err := NewRotatingFile(RotatingFileConfig{Path: filepath.Join(dir, "app.log"), MaxBytes: 100, BackupCount: 5, Shared: shared, OnError: unexpected(t)})
			require.NoError(t, err)
			start := time.Now()
			for i := range 15 {
				write(t, f, fmt.Sprintf("record %d\n", i))
			}
			assert.Less(t, time.Since(start), 5*time.Second)
			assert.FileExists(t, f.path+".1")
			assert.Equal(t, "its\n", read(t, stopped))
			require.NoError(t, its.Close())
			require.NoError(t, f.Rollover())
			require.NoError(t, f.Close())
			assert.NoFileExists(t, stopped, "its process is gone: the file is a backup like others")
			assert.Len(t, allLines(t, dir, "app.log"), 16)
		})
	}
}
