package peers

import (
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// MountOver mounts the directory lower at the directory at, with the FUSE file system bindfs, until the test ends or unmount is called.
// kill kills the process of the file system, and leaves the mount without one. If nothing can be mounted, the test is skipped.
func MountOver(tb testing.TB, lower, at string) (kill, unmount func()) {
	tb.Helper()
	var before, now unix.Stat_t
	if err := unix.Stat(at, &before); err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command("bindfs", "-f", lower, at)
	if err := cmd.Start(); err != nil {
		tb.Skip("bindfs does not run: ", err)
	}
	over := make(chan struct{})
	go func() { defer close(over); _ = cmd.Wait() }()
	kill = func() { _ = cmd.Process.Kill(); <-over }
	unmount = func() { _ = unix.Unmount(at, unix.MNT_DETACH) }
	tb.Cleanup(func() { unmount(); kill() })
	for {
		if err := unix.Stat(at, &now); err == nil && now.Dev != before.Dev {
			return kill, unmount
		}
		select {
		case <-over:
			tb.Skip("nothing can be mounted here by FUSE")
		case <-time.After(time.Millisecond):
		}
	}
}
