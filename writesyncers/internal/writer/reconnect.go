package writer

import (
	"errors"
	"os"
	"syscall"

	"example.com/zaphandlers/internal/errno"
)

// diskGone reports whether an error may mean that the disk was taken out.
func diskGone(err error) bool {
	return errors.Is(err, syscall.EIO) || errors.Is(err, syscall.ENODEV) || errors.Is(err, syscall.EROFS)
}

// hungUp reports whether an error may mean that a pipe has no reader, or that a terminal or another device is gone.
func hungUp(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ENXIO) || diskGone(err)
}

// noteFailed handles an error of writing: if opening the path again may help, the next record tries that.
func noteFailed(w *Writer, err error) {
	gone := hungUp(err)
	if w.file.Regular() {
		gone = errno.Stale(err) || diskGone(err)
	}
	if gone {
		w.broken = err
	}
	w.strategy.failed(err)
}

// reconnect opens the path again if the file is gone, or if the disk is gone and the path leads to another file. If there is nothing at
// the path, the next record tries again: a file made there now would be hidden as soon as the file system is mounted.
func reconnect(w *Writer) error {
	err := w.broken
	info, missing := os.Stat(w.cfg.Path)
	switch {
	case !w.file.Regular():
		if missing == nil && anotherDevice(w, info) {
			return w.reopen()
		}
	case errors.Is(err, syscall.ESTALE), errno.Stale(err) && missing == nil:
		return w.reopen()
	case errno.Stale(err):
		return err
	case missing == nil:
		if here, lookErr := w.file.LeadsHere(); !here && lookErr == nil {
			return w.reopen()
		}
	}
	w.broken = nil
	return nil
}

// anotherDevice reports whether the path leads to a pipe or device worth opening instead of the one in use: another one, or the same
// device, because a terminal that has hung up must be opened again. A regular file is not what the user asked for.
func anotherDevice(w *Writer, at os.FileInfo) bool {
	if at.Mode().IsRegular() || at.IsDir() {
		return false
	}
	here, err := w.file.LeadsHere()
	return err == nil && (!here || at.Mode()&os.ModeDevice != 0)
}
