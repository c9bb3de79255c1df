package writer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"example.com/zaphandlers/internal/errno"
	"example.com/zaphandlers/writesyncers/internal/appendfile"
	"example.com/zaphandlers/writesyncers/internal/fsys"
	base "example.com/zaphandlers/zapcore"
)

// open opens the file at the path. The flags of the Config apply to the first opening only.
func (w *Writer) open() error {
	if w.closing.Load() {
		return w.errClosed
	}
	flags := 0
	if !w.opened {
		flags = w.cfg.Flags
		if err := checkShared(&w.cfg); err != nil {
			return err
		}
	}
	file, err := openFile(&w.cfg, flags)
	if err != nil {
		return err
	}
	if !w.opened && w.cfg.Symlink != "" {
		w.cfg.Report.Note("link to "+w.cfg.Path, linkTo(w.cfg.Path, w.cfg.Symlink))
	}
	w.opened = true
	w.use(file)
	return nil
}

// first opens the file when there is none, and calls the strategy's begin the first time.
func (w *Writer) first() error {
	again := w.opened
	err := w.open()
	if err == nil && !again {
		w.strategy.begin()
	}
	return err
}

// use makes file the file in use.
func (w *Writer) use(file *appendfile.File) {
	w.file, w.broken = file, nil
	if w.pipe.Store(nil); !file.Regular() {
		w.pipe.Store(file)
	}
	w.counts.opens.Add(1)
	if w.buffer != nil {
		w.buffer.easy = 0 // it depends on the size of the file
	}
	writeHeader(w)
	w.limit = w.strategy.opened(file)
}

const headerWait = 100 * time.Millisecond // for another writer that writes the header

// writeHeader writes the header into an empty file, once, even if other processes have the file open. An error is only noted: the
// records matter more.
func writeHeader(w *Writer) {
	if len(w.cfg.Header) == 0 || !w.file.Regular() || w.file.Size() > 0 {
		return
	}
	defer fsys.LockBeginning(w.file.OS(), headerWait)()
	if w.cfg.File.Shared {
		defer w.cfg.Rotation.Lock()()
	}
	if w.file.Refresh() {
		return
	}
	n, err := w.file.Write(w.cfg.Header)
	w.counts.bytes.Add(uint64(n))
	w.cfg.Report.Note("write the header of "+w.cfg.Path, err)
}

// reopen opens what is at the path now, and only then closes the file in use.
func (w *Writer) reopen() error {
	old, broken := w.file, w.broken
	if err := w.open(); err != nil {
		return err
	}
	if errno.Stale(broken) { // it can neither be synced nor closed properly; Write has returned the error
		w.syncErr = broken
		_ = old.Close()
		return nil
	}
	switch w.cfg.Sync {
	case SyncNever:
	case SyncEach: // a Write may wait for it, perhaps also for the file before
		if err := SyncFile(old); err != nil {
			w.syncErr = err
		}
	default:
		w.cfg.Report.Note("sync "+w.cfg.Path, SyncFile(old))
	}
	w.cfg.Report.Note("close "+w.cfg.Path, old.Close())
	return nil
}

// follow is reopen with its error noted.
func (w *Writer) follow() error {
	err := w.reopen()
	if !errors.Is(err, base.ErrClosed) { // else a Close waits for the lock
		w.cfg.Report.Note("reopen "+w.cfg.Path, err)
	}
	return err
}

func makeDirs(cfg *Config) error {
	if !cfg.MakeDirs {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(cfg.Path), 0o755); err != nil {
		return fmt.Errorf("writesyncers: %w", err)
	}
	return nil
}

// checkShared returns an error if Shared is set and the file system makes it unsafe. It makes the directory first if it may. If there is
// none, opening the file returns that error.
func checkShared(cfg *Config) error {
	if cfg.Rotation == nil || !cfg.File.Shared {
		return nil
	}
	if err := makeDirs(cfg); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Dir(cfg.Path)); err != nil {
		return nil
	}
	if err := cfg.Rotation.CheckShared(); err != nil {
		return fmt.Errorf("writesyncers: Shared: %s: %w", cfg.Path, err)
	}
	return nil
}

// openFile opens the file at the path for appending and makes it if there is none.
func openFile(cfg *Config, flags int) (*appendfile.File, error) {
	if err := makeDirs(cfg); err != nil {
		return nil, err
	}
	for range 10 {
		file, err := appendfile.Open(cfg.Path, cfg.Path, flags, cfg.File)
		if err != nil || !cfg.File.Shared || !file.Regular() {
			return file, err
		}
		// The lock shows other processes that the file is in use, so that they neither compress nor remove it. If the path leads
		// to another file by now, they may have looked before there was a lock.
		if here, err := file.LeadsHere(); file.Locked() && here && err == nil {
			return file, nil
		}
		if err := file.Close(); err != nil {
			return nil, err
		}
	}
	return nil, errMoving
}

var errMoving = errors.New("writesyncers: another process is rotating")

// Look checks the path now, and opens the file there if it is another one, or makes it if there is none.
func (w *Writer) Look() error {
	return w.withFile(func() error { return w.strategy.look() }, func() error { return nil })
}

// Reopen opens the file at the path now and closes the one in use. After an error the file in use stays.
func (w *Writer) Reopen() error { return w.withFile(w.reopen, w.first) }

// withFile takes the lock and calls ifOpen if there is a file, else ifNone.
func (w *Writer) withFile(ifOpen, ifNone func() error) error {
	if w.closing.Load() {
		return w.errClosed
	}
	if !base.LockWithin(&w.mu, lockWait) {
		return errStuck(w, "reopen")
	}
	defer w.unlock()
	if w.closing.Load() {
		return w.errClosed
	}
	if w.file == nil {
		return ifNone()
	}
	return ifOpen()
}
