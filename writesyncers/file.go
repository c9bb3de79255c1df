package writesyncers

import (
	"errors"
	"io/fs"
	"time"
)

// FileConfig says which file, and how it is opened. The zero value of every field but Path is its default.
type FileConfig struct {
	// Path of the file. Required. It is made absolute at construction, so a later chdir changes nothing.
	Path string

	// Mode says what happens to a file that already exists (Python: mode). Defaults to ModeAppend.
	Mode Mode

	// Delay opens the file at the first record (Python: delay); that record's Write then returns an error of opening.
	Delay bool

	// Perm are the permissions of a new file, less the umask. Defaults to 0644.
	Perm fs.FileMode

	// MakeDirs makes the directories of Path that are missing (0755, less the umask).
	MakeDirs bool

	// Encode turns a record, which is UTF-8, into the character set of the file (Python: encoding): it appends the encoded src
	// to dst and returns the extended slice. It runs on the caller's goroutine, outside every lock, possibly on several at once.
	// It must not keep src. An error refuses the record, for good. Defaults to nil: bytes are written as they are.
	Encode func(dst, src []byte) ([]byte, error)

	// Header is the first line of a file that is empty when it is opened. A file that another program empties later
	// (copytruncate) gets no second one. Defaults to "": none.
	Header string

	// Fsync says when records are synced to the disk; FsyncOnRotate is an error. Defaults to FsyncOnSync.
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

// File appends records to a file. It is Python's logging.FileHandler, with these differences: Sync is an fsync, and a
// Write after Close is an error in every Mode. If somebody moves or removes the file, records go on into that file, as in
// Python; see WatchedFile.
type File struct{ *sink }

// NewFile opens the file; with Delay it leaves that to the first record. The error names the field that is wrong, or says why the
// file cannot be opened.
func NewFile(cfg FileConfig) (*File, error) {
	if cfg.Fsync == FsyncOnRotate {
		return nil, errors.New("writesyncers: Fsync: FsyncOnRotate has no effect on a File, which never rolls over: FsyncOnSync is the default, FsyncNever leaves it to the system")
	}
	c, err := options{
		path: cfg.Path, mode: cfg.Mode, delay: cfg.Delay, perm: cfg.Perm, makeDirs: cfg.MakeDirs, encode: cfg.Encode, header: cfg.Header,
		fsync: cfg.Fsync, fsyncEvery: cfg.FsyncEvery, buffer: cfg.Buffer, flushEvery: cfg.FlushEvery, onError: cfg.OnError,
	}.config()
	if err != nil {
		return nil, err
	}
	s, err := newSink(c)
	if err != nil {
		return nil, err
	}
	return &File{s}, nil
}
