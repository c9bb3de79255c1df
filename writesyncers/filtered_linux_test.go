package writesyncers

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/multierr"
	"golang.org/x/sys/unix"
)

func init() { children["filtered"] = filteredChild }

// A kernel without statx (before 4.11) or renameat2 (before 3.15) answers ENOSYS, and a container's older filter of system calls EPERM:
// files roll over and are followed there all the same.
func TestSystemsWithoutNewerCalls(t *testing.T) {
	for name, errno := range map[string]syscall.Errno{"old kernel": unix.ENOSYS, "filter": unix.EPERM} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			day := time.Unix(1e9, 0).UTC().Format(time.DateOnly)
			cmd := child(t, "filtered", "FILTER_DIR="+dir, "FILTER_ERRNO="+strconv.Itoa(int(errno)))
			out, err := cmd.Output()
			if string(out) == "no filter" {
				t.Skip("this system lets nobody filter its calls")
			}
			require.NoError(t, err)
			assert.Empty(t, string(out), "what OnError heard")
			for name, text := range map[string]string{
				"rotating.log": "3\n", "rotating.log.1": "2\n", "rotating.log.2": "1\n",
				"upwards.log": "3\n", "upwards.log.1": "1\n", "upwards.log.2": "2\n",
				"shared.log": "3\n", "shared.log.1": "2\n", "shared.log.2": "1\n",
				"watched.log": "2\n", "watched.log.moved": "1\n",
				"timed.log": "2\n", "timed.log." + day: "1\n",
			} {
				b, err := os.ReadFile(filepath.Join(dir, name))
				assert.NoError(t, err)
				assert.Equal(t, text, string(b), name)
			}
		})
	}
}

func filteredChild() error {
	errno, err := strconv.Atoi(os.Getenv("FILTER_ERRNO"))
	if err != nil {
		return err
	}
	if filterCalls(syscall.Errno(errno), unix.SYS_STATX, unix.SYS_RENAMEAT2, unix.SYS_INOTIFY_INIT1) != nil {
		fmt.Print("no filter")
		return nil
	}
	told := func(err error) { fmt.Println(err) }
	path := func(name string) string { return filepath.Join(os.Getenv("FILTER_DIR"), name) }
	cfg := RotatingFileConfig{Path: path("rotating.log"), MaxBytes: 3, BackupCount: 5, OnError: told}
	rotating, err := NewRotatingFile(cfg)
	cfg.Path, cfg.Shared = path("shared.log"), true
	shared, sharedErr := NewRotatingFile(cfg)
	cfg.Path, cfg.Shared, cfg.BackupCount = path("upwards.log"), false, -1
	upwards, upErr := NewRotatingFile(cfg)
	watched, watchErr := NewWatchedFile(WatchedFileConfig{Path: path("watched.log"), OnError: told})
	clock := &fakeClock{now: time.Unix(1e9, 0)}
	timed, timedErr := NewTimedRotatingFile(TimedRotatingFileConfig{
		Path: path("timed.log"), When: "midnight", Location: time.UTC, Clock: clock, OnError: told,
	})
	if err := multierr.Combine(err, sharedErr, upErr, watchErr, timedErr); err != nil {
		return err
	}
	write := func(s string, to ...interface{ Write([]byte) (int, error) }) (all error) {
		for _, w := range to {
			_, err := w.Write([]byte(s))
			all = multierr.Append(all, err)
		}
		return all
	}
	err = write("1\n", rotating, shared, upwards, watched, timed)
	err = multierr.Append(err, os.Rename(path("watched.log"), path("watched.log.moved")))
	clock.set(clock.now.Add(24 * time.Hour))
	err = multierr.Append(err, write("2\n", rotating, shared, upwards, watched, timed))
	err = multierr.Append(err, write("3\n", rotating, shared, upwards))
	return multierr.Combine(err, rotating.Close(), shared.Close(), upwards.Close(), watched.Close(), timed.Close())
}

// filterCalls makes the system refuse calls of this process, as in a container (seccomp).
func filterCalls(errno syscall.Errno, calls ...uint32) error {
	const numberAt = 0 // in struct seccomp_data
	filter := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: numberAt}}
	for _, call := range calls {
		filter = append(filter,
			unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: call},
			unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(errno)})
	}
	filter = append(filter, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	thread, _, failed := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC,
		uintptr(unsafe.Pointer(&program)))
	switch {
	case failed != 0:
		return failed
	case thread != 0:
		return fmt.Errorf("thread %d does not take the filter", thread)
	}
	return nil
}
