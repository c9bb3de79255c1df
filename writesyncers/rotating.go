package writesyncers

import (
	"io/fs"
	"time"

	"example.com/zaphandlers/writesyncers/internal/writer"
)

// RotatingFileConfig says which file, when it rolls over, and what becomes of the backups. The zero value of every field
// but Path is its default.
type RotatingFileConfig struct {
	// Path of the file being written. Required. It is made absolute at construction, and a symbolic link is followed. Where one takes its
	// place later the file does not roll over, which OnError hears, before the next start.
	Path string

	// MaxBytes is the size a file does not reach: a record that would make it as long or longer goes into the next file.
	// A single record that is longer than that has a file of its own. A file that somebody has cut is as long as it is. Defaults to
	// 0: the file never rolls over by size (Python: maxBytes).
	MaxBytes int64

	// BackupCount is the number of older files kept (Python: backupCount): Path.1, the newest, to Path.BackupCount. -1 keeps all
	// of them and numbers them upwards, Path.1 being the oldest, so that a rollover costs the same however many there are. Defaults
	// to 0: with MaxAge or MaxTotalBytes, as many as these say, numbered upwards; else the file never rolls over, as in
	// Python, and whatever has no effect then is an error: Compress, Namer, Rotator, ShouldRollover, OnRotate, Shared, FsyncOnRotate.
	BackupCount int

	// Mode says what happens to a file that is there already. Defaults to ModeAppend. Where MaxBytes is set ModeTruncate
	// means ModeAppend, as in Python: a file of which backups are kept is not thrown away at a restart.
	Mode Mode

	// Delay puts off opening to the first record. An error of opening is then that record's error.
	Delay bool

	// Perm are the permissions of a new file, less the umask. Defaults to 0644. The files that follow by rotation have
	// those of the file they follow.
	Perm fs.FileMode

	// MakeDirs makes the directories of Path that are missing (0755, less the umask).
	MakeDirs bool

	// Encode turns a record into the character set of the file; see FileConfig. Sizes are those of the encoded record.
	Encode func(dst, src []byte) ([]byte, error)

	// Namer turns the name a backup has by default (Path.1, absolute) into the one it shall have (Python: namer); a relative one is
	// beside Path. It must be pure: it is called often, and the same name must give the same answer, else it is an error, or told to
	// OnError, as backups that are not found again are never removed. Where it gives a name that another backup has a number
	// goes behind it. One that returns Path itself, nothing, or a name in a directory that is not there is an error, or told to
	// OnError once and done without. It is asked about times past, too, so let it make no directories: where there is one for each
	// day a Rotator makes it. Of the methods of its own file Backups is an error while it is asked. Files that have their names
	// from another one than today's are no backups any more: none is removed. Defaults to nil: names stay.
	Namer func(name string) string

	// Rotator moves a file that was rolled out to its backup name (Python: rotator); compressing it on the way is the usual
	// reason to have one. It must leave no src behind. src lies in a hidden directory beside Path: Path itself is the next file
	// already. An error leaves src where it is, and it is tried again; a half-made dst is removed, and the log grows meanwhile. It runs
	// outside every lock, and holds up only the files behind it; calls do not overlap. Of these no more than BackupCount wait: the oldest of
	// more are removed, and not for the Rotator, which OnError hears. Defaults to nil: a rename.
	Rotator func(src, dst string) error

	// ShouldRollover replaces the rule by which MaxBytes decides (Python: shouldRollover): it gets the size of the file and the
	// length of the next record. It is not asked about an empty file. It runs under the writer's lock: it must not log to it, and
	// one that does not return stops the writer. Defaults to nil: size+n >= MaxBytes.
	ShouldRollover func(size int64, n int) bool

	// Compress is Gzip for backups that are compressed, by a goroutine of their own, before they have their name: Path.1.gz. One
	// that cannot be compressed is Path.1, which OnError hears, and is compressed at a later rollover or start. Defaults to "":
	// they stay as they are.
	Compress string

	// MaxAge removes backups that were last written longer ago, at least 1 s. It is looked at when the file rolls over. Defaults to
	// 0: any age.
	MaxAge time.Duration

	// MaxTotalBytes removes the oldest backups until the rest, as they lie on the disk, are no more than that together. It is looked
	// at when the file rolls over. Less than MaxBytes, by which no backup would stay, is an error unless they are compressed. Defaults
	// to 0: any size.
	MaxTotalBytes int64

	// OnRotate is called when a rollover is done and its backup compressed: with Path, resolved, and the name of the
	// backup, which is that backup's for as long as OnRotate runs; with Shared the other processes wait for that a minute. It runs
	// outside every lock, in the background; calls do not overlap. Files that are rolled out meanwhile wait, no more than BackupCount: the
	// oldest of more are removed without a call, which OnError hears. Defaults to nil.
	OnRotate func(path, backup string)

	// Symlink is the path of a symbolic link that leads to Path, for names that people can remember. It is made or changed
	// in one step when the file is opened first. What is no symbolic link is not replaced; that, or a link that cannot be made, is OnError's
	// to hear, and no error of opening. Defaults to "": none.
	Symlink string

	// Header is written at the start of each file, as a line of its own, but not again where another program empties it (copytruncate).
	// A file with nothing but the header counts as empty. Defaults to "": none.
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

	// Shared is for several processes that write to one Path, each with the same settings and of the same version of this package, for how
	// they agree may change. No record is lost or torn; but those written within 100 ms of a rollover by a process that has not noticed it
	// yet go into the backup, a backup that a process still writes to stays beyond BackupCount, and a file may be a little longer than
	// MaxBytes. The file system must be a local one with hard links and locks (flock), else it is an error. Not for Windows. Defaults to
	// false: this process alone writes to Path; should another do so, nothing is lost either, but file sizes may be exceeded by far.
	Shared bool

	// OnError hears what goes wrong where no caller waits for an answer, as a refused rotation: once when it begins, once
	// when it is over. It runs outside every lock. Defaults to nil: standard error.
	OnError func(error)
}

// RotatingFile is a file that gives way to the next when it is about to reach MaxBytes: Python's
// logging.handlers.RotatingFileHandler, with its names and its rule, though sizes are always counted in bytes. What is
// not a regular file (a pipe, /dev/null) is written and never rotated; nor is /dev/stdout, whatever is behind it: a file, a pipe, a
// terminal, or the socket that systemd gives.
//
// As in Python, it does not look whether somebody moves or removes the file: until the next rollover, records go where it
// went. With Shared it looks each 100 ms; a WatchedFile is made for that.
type RotatingFile struct{ *sink }

// NewRotatingFile opens the file, or only notes its name if Delay is set. An error names the field that is wrong, or is that of
// opening.
func NewRotatingFile(cfg RotatingFileConfig) (*RotatingFile, error) {
	if cfg.MaxBytes > 0 && cfg.Mode == ModeTruncate {
		cfg.Mode = ModeAppend
	}
	s, err := rolling{
		maxBytes: cfg.MaxBytes, backupCount: cfg.BackupCount, namer: cfg.Namer, rotator: cfg.Rotator, should: cfg.ShouldRollover,
		compress: cfg.Compress, maxAge: cfg.MaxAge, maxTotalBytes: cfg.MaxTotalBytes, onRotate: cfg.OnRotate,
	}.open(options{
		path: cfg.Path, mode: cfg.Mode, delay: cfg.Delay, perm: cfg.Perm, makeDirs: cfg.MakeDirs, encode: cfg.Encode, header: cfg.Header,
		fsync: cfg.Fsync, fsyncEvery: cfg.FsyncEvery, buffer: cfg.Buffer, flushEvery: cfg.FlushEvery, symlink: cfg.Symlink,
		shared: cfg.Shared, onError: cfg.OnError,
	})
	if err != nil {
		return nil, err
	}
	return &RotatingFile{s}, nil
}

// Rollover rolls the file over now, unless it is empty, and returns when all that belongs to it is done (Python: doRollover). A file
// that Delay has put off is opened first. It does not wait for a hook that calls it, and 10 s for one that does not return. Of
// a file that never rolls over (see BackupCount) it is Sync, and of a pipe.
func (f *RotatingFile) Rollover() error { return writer.Rollover(f.w) }

// Backups returns the paths of the backups there are, the newest first: none of a file that never rolls over (see BackupCount), or of a pipe.
func (f *RotatingFile) Backups() ([]string, error) { return writer.Backups(f.w) }
