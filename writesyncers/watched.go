package writesyncers

import (
	"fmt"
	"io/fs"
	"time"

	"example.com/zaphandlers/writesyncers/internal/writer"
)

// WatchedFileConfig says which file, and how it is watched. The zero value of every field but Path is its default.
type WatchedFileConfig struct {
	// Path of the file. Required. It is made absolute at construction, so a later chdir changes nothing.
	Path string

	// CheckEvery is how long a record may trust the last look at the path, at least 1 ms. Defaults to 0: every record looks, as in
	// Python. On Linux most of these looks ask the kernel (inotify) whether the file was renamed or removed, no further apart than
	// 10 µs while records come, and one each 300 µs looks at the path, for a twentieth of the price; on a file system of the network or
	// of a process (NFS, SMB, FUSE), or should the kernel have no watch left, each looks at the path. With more, what is written in the
	// time after somebody has renamed the file goes into the renamed file: it is all there if logrotate says delaycompress, but
	// logrotate with compress alone reads that file at once and then removes it, and what came later is lost. Negative: only Reopen and
	// ReopenIfNeeded look.
	CheckEvery time.Duration

	// Notify asks the kernel on those file systems too, which is right if nobody renames the file from another machine: what others do to
	// it there the kernel does not see, and only the look each 300 µs does. Elsewhere, and on other systems than Linux, it changes nothing.
	// It is an error with a CheckEvery.
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

	// Header is written at the start of each file that is empty when it is opened, as a line of its own. Defaults to "": none.
	Header string

	// Fsync says when records are put on the disk. Defaults to FsyncOnSync.
	Fsync FsyncPolicy

	// FsyncEvery is the interval of FsyncInterval, at least 1 ms; with another policy it is an error. Defaults to one second.
	FsyncEvery time.Duration

	// Buffer is the number of bytes of whole records that may wait to be written together: many times the speed, at the
	// risk of those records should the program be killed. They are written when the buffer is full, FlushEvery after the
	// first of them, at Sync (which zap calls after a record above Error) and at Close. What the disk refuses stays in the
	// buffer and is written when the disk takes it; while the buffer is full records are refused. Defaults to 0: each
	// record is written by its own Write.
	Buffer int

	// FlushEvery is how long a record stays in the Buffer, at least 1 ms; without a Buffer it is an error. Defaults to one second.
	// Negative: as long as there is room.
	FlushEvery time.Duration

	// OnError hears what goes wrong where no caller waits for an answer: once when it begins, once when it is over. It
	// runs outside every lock. Defaults to nil: standard error.
	OnError func(error)
}

// WatchedFile appends records to a file that others rename or remove: logrotate, newsyslog. When the path leads elsewhere
// or nowhere, what is there now is opened, or made. It is Python's logging.handlers.WatchedFileHandler, and like it has
// nothing to watch on Windows, where an open file cannot be renamed; there only Reopen has an effect.
//
// Have logrotate say nocreate and missingok: the file is made here, by the next record, and where both want to make it logrotate moves one
// of them away, over another that it has moved away before.
//
// A record that is held up between the look at the path and the write, just while the file is renamed, is written to both
// files, for the old one may have been read already. Stats counts these as Repeated.
//
// If the new file cannot be opened, records go on into the old one while that has a name; when it has none, Write returns
// the error, and every record looks again, whatever CheckEvery and Buffer say.
type WatchedFile struct{ *sink }

// NewWatchedFile opens the file, or only notes its name if Delay is set. An error names the field that is wrong, or is that of
// opening.
func NewWatchedFile(cfg WatchedFileConfig) (*WatchedFile, error) {
	c, err := options{
		path: cfg.Path, mode: cfg.Mode, delay: cfg.Delay, perm: cfg.Perm, makeDirs: cfg.MakeDirs, encode: cfg.Encode, header: cfg.Header,
		fsync: cfg.Fsync, fsyncEvery: cfg.FsyncEvery, buffer: cfg.Buffer, flushEvery: cfg.FlushEvery, onError: cfg.OnError,
	}.config()
	if err != nil {
		return nil, err
	}
	if err := checkDuration("CheckEvery", cfg.CheckEvery, time.Millisecond); err != nil {
		return nil, err
	}
	if cfg.Notify && cfg.CheckEvery != 0 {
		return nil, fmt.Errorf("writesyncers: Notify asks with every record, and CheckEvery is %v: leave one of them out", cfg.CheckEvery)
	}
	c.Watch = &writer.Watch{Every: cfg.CheckEvery, Notify: cfg.Notify}
	s, err := newSink(c)
	if err != nil {
		return nil, err
	}
	return &WatchedFile{s}, nil
}

// ReopenIfNeeded looks at the path now, whatever CheckEvery says, and opens what is there if it is another file, or none.
// Writers need not call it (Python: reopenIfNeeded).
func (f *WatchedFile) ReopenIfNeeded() error { return f.w.Look() }

// Reopen opens what is at the path now and closes the file in use: what a program does on SIGHUP. If it returns an error,
// the file in use stays.
func (f *WatchedFile) Reopen() error { return f.w.Reopen() }
