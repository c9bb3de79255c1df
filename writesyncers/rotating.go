package writesyncers

import (
	"io/fs"
	"time"

	"example.com/zaphandlers/writesyncers/internal/writer"
)

// RotatingFileConfig says which file, when it rolls over, and what becomes of the backups. The zero value of every field
// but Path is its default.
type RotatingFileConfig struct {
	// Path of the file being written. Required. It is made absolute at construction, and a symbolic link is followed. If a symbolic
	// link takes the place of the file later, the file does not roll over until the next start, and OnError is told.
	Path string

	// MaxBytes is the size that a file stays below: a record that would make it as long or longer goes into the next file.
	// A single record that is longer has a file of its own. If somebody cuts the file, its real size counts. Defaults to
	// 0: the file never rolls over by size (Python: maxBytes).
	MaxBytes int64

	// BackupCount is the number of backups kept (Python: backupCount): Path.1, the newest, to Path.BackupCount. -1 keeps all
	// of them and numbers them upwards, with Path.1 the oldest, so that a rollover costs the same however many there are.
	//
	// Defaults to 0. Together with MaxAge or MaxTotalBytes, these decide how many are kept, numbered upwards. Without them the file
	// never rolls over, as in Python, and fields that have no effect then are an error: Compress, Namer, Rotator, ShouldRollover,
	// OnRotate, Shared, FsyncOnRotate.
	BackupCount int

	// Mode says what happens to a file that already exists. Defaults to ModeAppend. With MaxBytes, ModeTruncate means
	// ModeAppend, as in Python: a file of which backups are kept is not thrown away at a restart.
	Mode Mode

	// Delay opens the file at the first record; that record's Write then returns an error of opening.
	Delay bool

	// Perm are the permissions of a new file, less the umask. Defaults to 0644. After a rollover the next file gets the
	// permissions of the one before.
	Perm fs.FileMode

	// MakeDirs makes the directories of Path that are missing (0755, less the umask).
	MakeDirs bool

	// Encode turns a record into the character set of the file; see FileConfig. Sizes are those of the encoded record.
	Encode func(dst, src []byte) ([]byte, error)

	// Namer turns the default name of a backup (Path.1, absolute) into the one that it gets (Python: namer). A relative name is
	// beside Path. If another backup already has the name, a number is put behind it.
	//
	// It must be pure: it is called often, also about times past, and must give the same answer for the same name. Backups that are
	// not found again, such as those that an earlier Namer has named, are never removed. A changed answer is an error of the
	// constructor, or goes to OnError later. So is an empty name, Path itself, or a name in a directory that does not exist; the backup
	// then gets its default name. Do not make directories in the Namer: if each day has its own, let a Rotator make it. While
	// the Namer runs, Backups of this file returns an error. Defaults to nil: default names.
	Namer func(name string) string

	// Rotator moves a file that was rolled over to its backup name (Python: rotator), usually to compress it on the way. src lies in a
	// hidden directory beside Path, because Path itself is the next file already. It must leave no src behind. After an error src
	// stays, a half-made dst is removed, and the Rotator is called again later; the log grows meanwhile. It runs
	// outside every lock, and calls do not overlap. At most BackupCount files wait for it: the oldest beyond that are removed without a
	// call, and OnError is told. Defaults to nil: a rename.
	Rotator func(src, dst string) error

	// ShouldRollover replaces the rule of MaxBytes (Python: shouldRollover). It gets the size of the file and the
	// length of the next record, and is not called for an empty file. It runs under the writer's lock: it must not log to this writer,
	// and if it does not return, the writer stops. Defaults to nil: size+n >= MaxBytes.
	ShouldRollover func(size int64, n int) bool

	// Compress is Gzip or "". With Gzip a backup is compressed in the background before it gets its name, Path.1.gz. If that
	// fails, it is named Path.1, OnError is told, and a later rollover or start compresses it. Defaults to "": not compressed.
	Compress string

	// MaxAge is the age, by the last write, beyond which backups are removed, at least 1 s. It is applied when the file rolls
	// over. Defaults to 0: any age.
	MaxAge time.Duration

	// MaxTotalBytes is the size of all backups together, as they lie on the disk; the oldest beyond it are removed. It is
	// applied when the file rolls over. Less than MaxBytes would keep no backup, and is an error unless they are compressed.
	// Defaults to 0: any size.
	MaxTotalBytes int64

	// OnRotate is called when a rollover is done and its backup compressed. It gets Path, with links resolved, and the name of the
	// backup. The backup keeps that name for as long as OnRotate runs; with Shared, other processes wait a minute for it. It runs
	// outside every lock, in the background, and calls do not overlap. At most BackupCount files wait for it: the oldest beyond that
	// are removed without a call, and OnError is told. Defaults to nil.
	OnRotate func(path, backup string)

	// Symlink is the path of a symbolic link that leads to Path, for a name that people can remember. It is made or changed
	// in one step at the first opening. Anything there that is no symbolic link is not replaced. If the link cannot be made, OnError
	// is told, and the file is opened all the same. Defaults to "": none.
	Symlink string

	// Header is the first line of each file. A file that another program empties (copytruncate) gets no second one.
	// A file with nothing but the header counts as empty. Defaults to "": none.
	Header string

	// Fsync says when records are synced to the disk. Defaults to FsyncOnSync.
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

	// Shared lets several processes write to one Path. All must have the same settings and the same version of this package,
	// because the way they agree may change. No record is lost or torn. But a process may notice a rollover 100 ms late, and what it
	// writes until then goes into the backup; a backup that a process still writes to stays beyond BackupCount; and a file may be a little
	// longer than MaxBytes. It needs a local file system with hard links and locks (flock); on another one, and on Windows, it is an
	// error. Defaults to false: this process alone writes to Path. If another one does all the same, nothing is lost, but files may
	// become much larger than MaxBytes.
	Shared bool

	// OnError is called with an error for which no caller waits, such as a refused rotation: once when it begins, once
	// when it is over. It runs outside every lock. Defaults to nil: standard error.
	OnError func(error)
}

// RotatingFile is a file that is replaced by the next when it is about to reach MaxBytes. It is Python's
// logging.handlers.RotatingFileHandler, with its names and its rule, though sizes are always counted in bytes. A path that is
// not a regular file (a pipe, /dev/null) is written to and never rotated; nor is /dev/stdout, whatever is behind it: a file, a pipe, a
// terminal, or the socket that systemd gives.
//
// As in Python, it does not notice when somebody moves or removes the file: until the next rollover, records go on into that
// file. With Shared it checks each 100 ms. If others rename the file, use a WatchedFile.
type RotatingFile struct{ *sink }

// NewRotatingFile opens the file; with Delay it leaves that to the first record. The error names the field that is wrong, or says
// why the file cannot be opened.
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

// Rollover rolls the file over now, unless it is empty, and returns when compression, hooks and retention are done, too (Python:
// doRollover). A file that Delay has left unopened is opened first. Called by a hook it does not wait for that hook; for a hook that does
// not return it waits 10 s. For a pipe, and for a file that never rolls over (see BackupCount), it is Sync.
func (f *RotatingFile) Rollover() error { return writer.Rollover(f.w) }

// Backups returns the paths of the backups, the newest first. A pipe, and a file that never rolls over (see BackupCount), has none.
func (f *RotatingFile) Backups() ([]string, error) { return writer.Backups(f.w) }
