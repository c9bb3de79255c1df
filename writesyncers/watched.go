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

	// CheckEvery is how long one check of the path counts, at least 1 ms. Defaults to 0: every record checks, as in Python. Negative:
	// only Reopen and ReopenIfNeeded check.
	//
	// With 0 on Linux, a record asks the kernel (inotify) whether the file was renamed or removed, at most once each 10 µs, and checks the
	// path itself once each 300 µs; that costs a twentieth. On a file system of a server or of a process (NFS, SMB, FUSE), or if the
	// kernel has no watch left, each record checks the path.
	//
	// With more than 0, records written after somebody has renamed the file may still go into the renamed file. With logrotate's
	// delaycompress they are all there. With compress alone logrotate reads that file at once and removes it, and later records
	// are lost.
	CheckEvery time.Duration

	// Notify makes records ask the kernel on those file systems, too. That is right if nobody renames the file from another machine: the
	// kernel does not see what happens there, and only the check each 300 µs finds it. On other file systems, and on other
	// systems than Linux, it changes nothing. It is an error together with CheckEvery.
	Notify bool

	// Mode says what happens to a file that already exists at the first opening. Defaults to ModeAppend. A file
	// that has taken the place of another is never truncated, in any Mode.
	Mode Mode

	// Delay opens the file at the first record; that record's Write then returns an error of opening.
	Delay bool

	// Perm are the permissions of a new file, less the umask. Defaults to 0644.
	Perm fs.FileMode

	// MakeDirs makes the directories of Path that are missing (0755, less the umask), also if they vanish later.
	MakeDirs bool

	// Encode turns a record into the character set of the file; see FileConfig.
	Encode func(dst, src []byte) ([]byte, error)

	// Header is the first line of each file that is empty when it is opened. Defaults to "": none.
	Header string

	// Fsync says when records are synced to the disk; FsyncOnRotate syncs a file when the path leads to another. Defaults to FsyncOnSync.
	Fsync FsyncPolicy

	// FsyncEvery is the interval of FsyncInterval, at least 1 ms; with another policy it is an error. Defaults to one second.
	FsyncEvery time.Duration

	// Buffer is the number of bytes of whole records that may wait to be written together. It makes writing many times faster;
	// if the program is killed, those records are lost. They are written when the buffer is full, FlushEvery after the
	// first of them, at Sync (which zap calls after a record above Error) and at Close. What the disk refuses stays in the
	// buffer until the disk takes it; while the buffer is full, records are refused. Defaults to 0: each record is written
	// by its own Write.
	Buffer int

	// FlushEvery is how long a record stays in the Buffer, at least 1 ms; without a Buffer it is an error. Negative: as long as
	// there is room. Defaults to one second.
	FlushEvery time.Duration

	// OnError is called with an error for which no caller waits: once when it begins, once when it is over. It
	// runs outside every lock. Defaults to nil: standard error.
	OnError func(error)
}

// WatchedFile appends records to a file that others rename or remove: logrotate, newsyslog. When the path leads to another file
// or to none, the file that is there now is opened, or a new one made. It is Python's logging.handlers.WatchedFileHandler. As there,
// it has nothing to watch on Windows, where an open file cannot be renamed; there only Reopen has an effect.
//
// Configure logrotate with nocreate and missingok, because the next record makes the file. If both make it, logrotate moves one of
// the two away, over another that it has moved away before.
//
// If a record is delayed between the check of the path and the write, and the file is renamed just then, the record is written to both
// files, because the old one may have been read already. Stats counts it as Repeated.
//
// If the new file cannot be opened, records go on into the old one for as long as that has a name. When it has none, Write returns
// the error, and every record checks again, whatever CheckEvery and Buffer say.
type WatchedFile struct{ *sink }

// NewWatchedFile opens the file; with Delay it leaves that to the first record. The error names the field that is wrong, or says why
// the file cannot be opened.
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

// ReopenIfNeeded checks the path now, whatever CheckEvery says, and opens the file there if it is another one, or makes it if there is
// none. A program that only writes need not call it (Python: reopenIfNeeded).
func (f *WatchedFile) ReopenIfNeeded() error { return f.w.Look() }

// Reopen opens the file that is at the path now and closes the one in use. Programs call it on SIGHUP. After an error the file in
// use stays.
func (f *WatchedFile) Reopen() error { return f.w.Reopen() }
