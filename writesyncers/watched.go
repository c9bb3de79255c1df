package writesyncers

import (
	"errors"
	"io/fs"
	"sync/atomic"
	"time"
)

// WatchedFileConfig says which file, and how it is watched. The zero value of every field but Path is its default.
type WatchedFileConfig struct {
	// Path of the file. Required. It is made absolute at construction, so a later chdir changes nothing.
	Path string

	// CheckEvery is how long a record may trust the last look at the path. Defaults to 0: every record looks, as in
	// Python, for about the price of a write. With more, what is written in the time after somebody has renamed the file
	// goes into the renamed file: it is all there if logrotate says delaycompress, but logrotate with compress alone
	// reads that file at once and then removes it, and what came later is lost. Negative: only Reopen and ReopenIfNeeded
	// look.
	CheckEvery time.Duration

	// Notify asks the kernel (inotify) whether the file was renamed or removed, no further apart than 20 µs while records
	// come, and looks at the path each second. That is as safe as looking with every record, for a tenth of the price.
	// CheckEvery has no effect then. On systems other than Linux, or should the kernel have no watch left, every record
	// looks.
	Notify bool

	// Mode says what happens to a file that is there already when the first one is opened. Defaults to ModeAppend. A file
	// that has taken the place of another is never truncated, in any Mode.
	Mode Mode

	// Delay puts off opening to the first record. An error of opening is then that record's error.
	Delay bool

	// Perm are the permissions of a new file, less the umask. Defaults to 0644.
	Perm fs.FileMode

	// MakeDirs makes the directories of Path that are missing (0755, less the umask), also if they vanish later.
	MakeDirs bool

	// Encode turns a record into the character set of the file; see FileConfig.
	Encode func(dst, src []byte) ([]byte, error)

	// Header is written at the start of each file that is empty, as a line of its own. Defaults to "": none.
	Header string

	// Fsync says when records are put on the disk. Defaults to FsyncOnSync.
	Fsync FsyncPolicy

	// FsyncEvery is the interval of FsyncInterval. Defaults to one second.
	FsyncEvery time.Duration

	// Buffer is the number of bytes of whole records that may wait to be written together: many times the speed, at the
	// risk of those records should the program be killed. They are written when the buffer is full, FlushEvery after the
	// first of them, at Sync (which zap calls after a record above Error) and at Close. What the disk refuses stays in the
	// buffer and is written when the disk takes it; while the buffer is full records are refused. Defaults to 0: each
	// record is written by its own Write.
	Buffer int

	// FlushEvery is how long a record stays in the Buffer. Defaults to one second. Negative: as long as there is room.
	FlushEvery time.Duration

	// OnError hears what goes wrong where no caller waits for an answer: once when it begins, once when it is over. It
	// runs outside every lock. Defaults to nil: standard error.
	OnError func(error)
}

// WatchedFile appends records to a file that others rename or remove: logrotate, newsyslog. When the path leads elsewhere
// or nowhere, what is there now is opened, or made. It is Python's logging.handlers.WatchedFileHandler, and like it has
// nothing to watch on Windows, where an open file cannot be renamed; there only Reopen has an effect.
//
// A record that is held up between the look at the path and the write, just while the file is renamed, is written to both
// files, for the old one may have been read already. Stats counts these as Repeated.
//
// If the new file cannot be opened, records go on into the old one while that has a name; when it has none, Write returns
// the error.
type WatchedFile struct{ *sink }

// NewWatchedFile opens the file, or only notes its name if Delay is set. An error names the field that is wrong, or is that of
// opening.
func NewWatchedFile(cfg WatchedFileConfig) (*WatchedFile, error) {
	o, err := options{
		path: cfg.Path, mode: cfg.Mode, delay: cfg.Delay, perm: cfg.Perm, makeDirs: cfg.MakeDirs, encode: cfg.Encode,
		header: []byte(cfg.Header), fsync: cfg.Fsync, every: cfg.FsyncEvery, bufferSize: cfg.Buffer, flushEvery: cfg.FlushEvery, onError: cfg.OnError,
	}.withDefaults()
	if err != nil {
		return nil, err
	}
	o.watch = &watcher{every: cfg.CheckEvery, notify: cfg.Notify}
	s, err := newSink(o, nil)
	if err != nil {
		return nil, err
	}
	return &WatchedFile{s}, nil
}

// ReopenIfNeeded looks at the path now, whatever CheckEvery says, and opens what is there if it is another file, or none.
// Writers need not call it (Python: reopenIfNeeded).
func (f *WatchedFile) ReopenIfNeeded() error {
	f.mu.Lock()
	defer f.unlock()
	if f.closed {
		return f.errClosed
	}
	if f.file == nil {
		return nil
	}
	return f.lookLocked()
}

// Reopen opens what is at the path now and closes the file in use: what a program does on SIGHUP. If it returns an error,
// the file in use stays.
func (f *WatchedFile) Reopen() error {
	f.mu.Lock()
	defer f.unlock()
	if f.closed {
		return f.errClosed
	}
	if f.file == nil {
		return f.openLocked()
	}
	return f.reopenLocked()
}

// watcher knows when a sink has to look at its path. The sink's mu guards it, but for due.
type watcher struct {
	every  time.Duration
	notify bool

	events *events     // of the kernel; nil if it is not asked
	looked time.Time   // when the path was looked at last, under notify
	asked  time.Time   // when the kernel was asked last
	timer  *time.Timer // of every
	idle   *time.Timer // of a Shared file
	blind  bool        // the last look was refused
	due    atomic.Bool // every is over
}

const (
	late      = 300 * time.Microsecond // nobody renames a file and has read it to its end in less
	askEvery  = 20 * time.Microsecond  // how long a record trusts the kernel's last answer
	trustEach = time.Second            // how long it does without a look at the path, for the directory may have moved
)

// always reports whether every record has to ask.
func (w *watcher) always() bool { return w.notify || w.every == 0 }

// opened is called when the sink has opened a file.
func (w *watcher) opened(s *sink) {
	if w.timer == nil && w.every > 0 && !w.notify {
		w.timer = time.AfterFunc(w.every, func() { w.due.Store(true) })
	}
	if !w.notify {
		return
	}
	err := w.follow(s.file.f)
	if !errors.Is(err, errors.ErrUnsupported) {
		s.troubles.note("watch "+s.path, err)
	}
	w.looked = time.Time{} // the file may have been renamed before the kernel watched it
}

// watchLocked is asked before a record: all of them, or only when due.
func (s *sink) watchLocked() error {
	w := s.watch
	switch {
	case w.notify && w.events != nil:
		if time.Since(w.asked) < askEvery { // asks one clock, where time.Now asks two
			return nil
		}
		now := time.Now()
		w.asked = now
		if !w.events.any() && now.Sub(w.looked) < trustEach {
			return nil
		}
		w.looked = now
	case w.due.Load(): // the timer has set it, and rests until its Reset
		w.due.Store(false)
		w.timer.Reset(w.every)
	case !w.always():
		return nil
	default:
		w.asked = time.Now()
	}
	return s.lookLocked()
}

// putLocked writes whole records to the file.
//
// Between the look at the path and the write the goroutine may have been held up for so long that the file was renamed,
// read and compressed meanwhile. Then the records may be nowhere, and are written to the file that has taken its place.
// They may be found twice, then: that is the lesser evil, and counted.
func (s *sink) putLocked(p []byte, records int) (int, error) {
	n, err := s.file.write(p)
	w := s.watch
	if w == nil || err != nil || !w.always() || time.Since(w.asked) < late {
		return n, err
	}
	if here, err := leads(s.pathZ, s.file.id); here || err != nil || s.reopenLocked() != nil {
		return n, nil
	}
	again, err := s.file.write(p)
	s.stats.Bytes += uint64(again)
	if err == nil {
		s.stats.Repeated += uint64(records)
	}
	return n, nil
}

// lookLocked compares the file in use with what is at the path, and opens that if it is another. An error is one of
// opening, and returned only if the file in use has no name any more: else records may go on into it.
func (s *sink) lookLocked() error {
	if !renamesOpenFiles {
		return nil
	}
	for range 3 { // once is enough, unless the new file is renamed before it is watched
		here, err := leads(s.pathZ, s.file.id)
		if err != nil || s.watch.blind {
			s.troubles.note("look at "+s.path, err)
			s.watch.blind = err != nil
		}
		if here || err != nil {
			return nil
		}
		err = s.reopenLocked()
		s.troubles.note("reopen "+s.path, err)
		if err != nil {
			if hasName(s.file.f) {
				return nil
			}
			return err
		}
		if s.watch.events == nil {
			return nil
		}
	}
	return nil
}

func (w *watcher) stop() {
	for _, timer := range []*time.Timer{w.timer, w.idle} {
		if timer != nil {
			timer.Stop()
		}
	}
	if w.events != nil {
		w.events.close()
	}
}
