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

// open opens the file at the path. The flags of the Config count the first time only.
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

// first opens the file and, the first time, has the strategy begin.
func (w *Writer) first() error {
	again := w.opened
	err := w.open()
	if err == nil && !again {
		w.strategy.begin()
	}
	return err
}

// use makes a file the one that is written to.
func (w *Writer) use(file *appendfile.File) {
	w.file, w.broken = file, nil
	if w.pipe.Store(nil); !file.Regular() {
		w.pipe.Store(file)
	}
	w.counts.opens.Add(1)
	if w.buffer != nil {
		w.buffer.easy = 0 // it was worked out from the other file's size
	}
	writeHeader(w)
	w.limit = w.strategy.opened(file)
}

const headerWait = 100 * time.Millisecond // for another writer that is at it

// writeHeader begins an empty file with the header, once, though other processes have it open. The records matter more: that it was
// refused is only noted.
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
	if errno.Stale(broken) { // which its Write has returned: there is no more to be had from it
		w.left = broken
		_ = old.Close()
		return nil
	}
	switch w.cfg.Sync {
	case SyncNever:
	case SyncEach: // somebody may wait for it, and perhaps for the one that was left before
		if err := SyncFile(old); err != nil {
			w.left = err
		}
	default:
		w.cfg.Report.Note("sync "+w.cfg.Path, SyncFile(old))
	}
	w.cfg.Report.Note("close "+w.cfg.Path, old.Close())
	return nil
}

// follow is reopen where nobody waits for its error.
func (w *Writer) follow() error {
	err := w.reopen()
	if !errors.Is(err, base.ErrClosed) { // by a Close that waits for the lock
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

// checkShared refuses Shared where the file system makes it unsafe, which can be tried once there is the directory. That there is none is
// opening's to say.
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
		// Others must see that the file is in use before they compress or remove it: they have looked before, if the path leads
		// elsewhere by now.
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

// Look looks at the path now and opens what is there if it is another file, or none.
func (w *Writer) Look() error {
	return w.withFile(func() error { return w.strategy.look() }, func() error { return nil })
}

// Reopen opens what is at the path now and closes the file in use. If it returns an error, the file in use stays.
func (w *Writer) Reopen() error { return w.withFile(w.reopen, w.first) }

// withFile calls open under the lock if there is a file, and without if there is none.
func (w *Writer) withFile(open, without func() error) error {
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
		return without()
	}
	return open()
}
