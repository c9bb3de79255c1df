//go:build unix

package disklog

import (
	"os"
	"syscall"
)

// unlinked reports whether f has no name any more, so that its contents are gone when it is closed.
func unlinked(f *os.File) bool {
	info, err := f.Stat()
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Nlink == 0
}
