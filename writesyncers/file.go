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

	// Mode says what happens to a file that is there already (Python: mode). Defaults to ModeAppend.
	Mode Mode

	// Delay puts off opening to the first record (Python: delay). An error of opening is then that record's error.
	Delay bool

	// Perm are the permissions of a new file, less the umask. Defaults to 0644.
	Perm fs.FileMode

	// MakeDirs makes the directories of Path that are missing (0755, less the umask).
	MakeDirs bool

	// Encode turns a record, which is UTF-8, into the character set of the file (Python: encoding): it appends src to dst,
	// encoded, and returns the longer slice. It runs on the caller's goroutine, outside every lock, possibly on several at once;
	// it must not keep src. An error refuses the record, for good. Defaults to nil: bytes go in as they are.
	Encode func(dst, src []byte) ([]byte, error)

	// Header is written at the start of a file that is empty when it is opened, as a line of its own; one that is emptied later by another
	// program (copytruncate) gets no other. Defaults to "": none.
	Header string

	// Fsync says when records are put on the disk; FsyncOnRotate is an error. Defaults to FsyncOnSync.
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

// File appends records to a file. It is Python's logging.FileHandler, with these differences: Sync is an fsync, and a
// record that comes after Close is an error in every Mode. As there, records follow a file that somebody moves or removes; a
// WatchedFile does not.
type File struct{ *sink }

// NewFile opens the file, or only notes its name if Delay is set. An error names the field that is wrong, or is that of
// opening.
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
