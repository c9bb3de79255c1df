package fsys

import (
	"errors"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"example.com/zaphandlers/internal/errno"
)

// Who writes to a file under which name shows in a lock (of an open file, as fcntl has it, which others than flock's are) on one byte far
// behind its end: somewhere in a range that belongs to the name of the log. It ends with the file's being closed, or the process.
const (
	marksBegin   = 1 << 61
	marksOfAName = 1 << 20
	marksNames   = 1 << 40
)

// MarkWriter has others know that f is written to as the log of that path. It has a lock already (LockShared).
func MarkWriter(f *os.File, log string) {
	for range 4 { // two writers may draw one byte
		lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart, Start: marksOf(log) + rand.Int64N(marksOfAName), Len: 1}
		var err error
		ctl := control(f, func(fd int) {
			err = errno.Again(func() error { return unix.FcntlFlock(uintptr(fd), unix.F_OFD_SETLK, &lock) })
		})
		if ctl != nil || err != unix.EAGAIN && err != unix.EACCES {
			return
		}
	}
}

// UnmarkWriter ends MarkWriter, which here ends with f's being closed.
func UnmarkWriter(*os.File) {}

// marksOf returns where the range of a log's name begins.
func marksOf(log string) int64 {
	sum := fnv.New64a()
	_, _ = io.WriteString(sum, filepath.Base(log))
	return marksBegin + int64(sum.Sum64()%marksNames)*marksOfAName
}

// WrittenByOthers reports whether the file at path is open for writing, as far as can be told, and not by writers of that log: it is a log
// itself. A writer of the log may have a backup open that was the log when it opened it. The error says that there is no telling at this
// moment.
func WrittenByOthers(path, log string) (bool, error) {
	f, err := openToLook(path)
	if Passing(err) {
		return false, err
	}
	if err != nil {
		return false, nil
	}
	defer f.Close()
	open, known := openForWriting(f)
	if known && !open {
		return false, nil
	}
	ours, any := marked(f, log) // as long as a file is open: a lock may have been given up, and a Sync not have come to its end
	return !ours && (open || any), nil
}

// marked reports whether a file is marked by a writer of that log, and whether it is by any.
func marked(f *os.File, log string) (ours, any bool) {
	is := func(from, size int64) bool {
		lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart, Start: from, Len: size}
		var err error
		ctl := control(f, func(fd int) {
			err = errno.Again(func() error { return unix.FcntlFlock(uintptr(fd), unix.F_OFD_GETLK, &lock) })
		})
		return ctl == nil && err == nil && lock.Type != unix.F_UNLCK
	}
	return is(marksOf(log), marksOfAName), is(marksBegin, marksNames*marksOfAName)
}

// OpenForWriting reports whether somebody has a file open for writing which f has for reading. Only its owner, and root, may know.
func OpenForWriting(f *os.File) bool {
	open, _ := openForWriting(f)
	return open
}

// openForWriting asks for a lease, which the kernel gives to nobody who could not have the file for himself, and gives it back. Should
// somebody open the file just then he waits for that, and this process gets a signal, which is to be one that ends nothing.
func openForWriting(f *os.File) (open, known bool) {
	ctl := control(f, func(fd int) {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		if err != nil || flags&unix.O_ACCMODE != unix.O_RDONLY {
			return // f itself would be in the way
		}
		if _, err = unix.FcntlInt(uintptr(fd), unix.F_SETSIG, int(unix.SIGURG)); err != nil {
			return
		}
		_, err = unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_RDLCK)
		open, known = errors.Is(err, unix.EAGAIN), err == nil || errors.Is(err, unix.EAGAIN)
		if err == nil {
			_, _ = unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_UNLCK)
		}
	})
	return open, known && ctl == nil
}
