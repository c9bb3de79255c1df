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

// A writer marks its file with a lock (fcntl's lock of an open file, independent of flock) on one byte far behind the end. The byte is in a
// range that belongs to the name of the log, so others can see for which log the file is written. The mark ends when the file is closed,
// or with the process.
const (
	marksBegin   = 1 << 61
	marksOfAName = 1 << 20
	marksNames   = 1 << 40
)

// MarkWriter marks f as written to as the log at that path. f must have the lock of LockShared.
func MarkWriter(f *os.File, log string) {
	for range 4 { // two writers may have drawn the same byte
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

// UnmarkWriter does nothing: here the mark ends when f is closed.
func UnmarkWriter(*os.File) {}

// marksOf returns the beginning of the range of a log's name.
func marksOf(log string) int64 {
	sum := fnv.New64a()
	_, _ = io.WriteString(sum, filepath.Base(log))
	return marksBegin + int64(sum.Sum64()%marksNames)*marksOfAName
}

// WrittenByOthers reports whether the file at path is a log itself: it is open for writing, as far as can be found out, and not by writers
// of that log. (A writer of that log may still have a backup open, which was the log when it was opened.) An error says that this cannot
// be found out at the moment.
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
	ours, any := marked(f, log) // a mark lasts until the file is closed, longer than the lock: a Sync may still be under way
	return !ours && (open || any), nil
}

// marked reports whether a file is marked by a writer of that log, and whether it is marked by any writer.
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

// OpenForWriting reports whether somebody has the file open for writing that f has open for reading. Only the owner of the file and root
// can find that out; for others it returns false.
func OpenForWriting(f *os.File) bool {
	open, _ := openForWriting(f)
	return open
}

// openForWriting asks for a read lease (F_SETLEASE), which the kernel refuses while the file is open for writing, and releases it at
// once. If somebody opens the file just then, that open waits, and this process gets a signal: SIGURG, which ends nothing.
func openForWriting(f *os.File) (open, known bool) {
	ctl := control(f, func(fd int) {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		if err != nil || flags&unix.O_ACCMODE != unix.O_RDONLY {
			return // f itself would prevent the lease
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
