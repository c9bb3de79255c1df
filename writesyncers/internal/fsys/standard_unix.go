//go:build unix && !aix

package fsys

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// OpenStandard duplicates the descriptor of this process that path names: /dev/stdout, /dev/stderr or /dev/fd/N. It is for descriptors that
// cannot be opened by their path: a socket, as systemd gives, or a file of another user. It reports whether path names an open
// descriptor.
func OpenStandard(path string) (*os.File, bool) {
	fd, ok := descriptorOf(path)
	if !ok {
		return nil, false
	}
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, false
	}
	return os.NewFile(uintptr(own), path), true
}

// descriptorOf reads the number of a descriptor from a path.
func descriptorOf(path string) (fd int, ok bool) {
	for range LinksMax {
		switch path = filepath.Clean(path); path {
		case "/dev/stdin":
			return 0, true
		case "/dev/stdout":
			return 1, true
		case "/dev/stderr":
			return 2, true
		}
		for _, dir := range []string{"/dev/fd/", "/proc/self/fd/", "/proc/" + strconv.Itoa(os.Getpid()) + "/fd/"} {
			if number, found := strings.CutPrefix(path, dir); found {
				fd, err := strconv.Atoi(number)
				return fd, err == nil
			}
		}
		to, err := Readlink(path)
		if err != nil {
			return 0, false
		}
		path = to
	}
	return 0, false
}
