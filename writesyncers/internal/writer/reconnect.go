package writer

import (
	"errors"
	"os"
	"syscall"

	"example.com/zaphandlers/internal/errno"
)

// away reports whether the disk may have been taken out.
func away(err error) bool {
	return errors.Is(err, syscall.EIO) || errors.Is(err, syscall.ENODEV) || errors.Is(err, syscall.EROFS)
}

// hungUp reports whether a pipe has no reader, or a terminal or another device is gone.
func hungUp(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ENXIO) || away(err)
}

// noteFailed notes an error of writing after which another file may be had at the path.
func noteFailed(w *Writer, err error) {
	gone := hungUp(err)
	if w.file.Regular() {
		gone = errno.Stale(err) || away(err)
	}
	if gone {
		w.broken = err
	}
	w.strategy.failed(err)
}

// reconnect opens the path anew if the file is gone, or the disk away and another at its path. Where nothing is there it is tried again
// later: what is made there now would be hidden as soon as the file system is mounted.
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

// anotherDevice reports whether what is at the path may take records where the pipe or the device in use does not. A terminal that has hung
// up once takes none, though it is there again under the same number. A plain file is not what was asked for.
func anotherDevice(w *Writer, at os.FileInfo) bool {
	if at.Mode().IsRegular() || at.IsDir() {
		return false
	}
	here, err := w.file.LeadsHere()
	return err == nil && (!here || at.Mode()&os.ModeDevice != 0)
}
