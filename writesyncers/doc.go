// Package writesyncers holds the file handlers of Python's logging package as writers for zap:
//
//	NewStream             StreamHandler              standard error, or any io.Writer
//	NewFile               FileHandler                one file
//	NewWatchedFile        WatchedFileHandler         a file that logrotate renames
//	NewRotatingFile       RotatingFileHandler        a file that rolls over by size
//	NewTimedRotatingFile  TimedRotatingFileHandler   a file that rolls over by time and, with MaxBytes, by size
//
// Each writer is a [zap.Sink] (Write, Sync, Close) and goes straight into [zapcore.NewCore]:
//
//	file, err := writesyncers.NewRotatingFile(writesyncers.RotatingFileConfig{
//		Path:        "/var/log/app.log",
//		MaxBytes:    10 << 20,
//		BackupCount: 5,
//	})
//	core := zapcore.NewCore(encoder, file, zap.InfoLevel)
//
// After [RegisterSinks] the OutputPaths of a zap.Config can name the last three by URL. All writers are safe for concurrent use. Do not
// wrap them in zapcore.Lock: it costs time, and behind a queue it costs one system call for each record.
//
// # What a writer promises
//
// One Write is one record. It reaches the file in one piece: a rotation happens between two records and never inside
// one, even when many records are written at once ([base.RecordWriter]). A nil error means that the kernel has the whole
// record, or that it waits in the Buffer, if you asked for one.
//
// A Write that returns an error has lost that record and no other. If half of it reached the file (the disk was full),
// the next record starts on a new line. The same holds for a file whose last line a killed process left unfinished: it gets
// a line end first. For that the file must be readable; one of mode 0200 is readable by root only.
//
// Three kinds of file can stop working while they are open: a file on a FUSE file system whose process has ended or on a server
// that no longer has it, a pipe whose reader has made it anew, and a terminal or another device that hangs up. Until the path
// leads to a usable file again, Write returns the error; then the path is opened again.
//
// Write allocates nothing, except for a WatchedFile that checks the path with every record on a Unix other than Linux.
//
// Sync is an fsync by default, and does nothing for a terminal or a pipe. After Close, the methods Write, Sync, Rollover and Reopen
// return an error that wraps [os.ErrClosed], Close returns nil, and Stats and Backups still work.
//
// Where no caller waits for an answer (a rotation is refused, a backup cannot be compressed), OnError gets the error once when
// the trouble begins and once when it is over, and Stats counts it.
//
// Your code (Namer, Rotator, OnRotate, ShouldRollover, Next, Clock, Encode, OnError) may panic, take its time, never return, or
// end its goroutine: the writer goes on. There is one exception. ShouldRollover, Next and Clock decide about the record that is being
// written, and so run under the writer's lock: until they return, all Writes wait.
//
// # Closing
//
// Close writes what is in the Buffer, finishes the work that rollovers have left, and releases everything. It always ends:
//
//	a rollover that does not finish                     after some 10 s; the next start finishes it
//	a Write that waits for the reader of a pipe         after 5 s
//	a disk or a server that does not answer             after 15 s, or half a minute if a rollover is under way as well;
//	                                                    the rest goes on in the background
//
// A supervisor stops a program with SIGTERM, which ends a Go program at once unless the program asks for the signal. Then
// the content of a Buffer is lost; without a Buffer nothing is. So call [os/signal.NotifyContext], and when it tells you to stop,
// close what you have opened, queues first. The example named signal is a whole program.
//
// # Rotation
//
// With BackupCount there is a file of less than MaxBytes, and up to BackupCount older ones, the newest first:
//
//	app.log        the file being written
//	app.log.1      what was app.log before the last rollover; app.log.1.gz with Compress
//	app.log.2      the one before that; the last one is removed when BackupCount is reached
//
// With BackupCount -1, or with only a limit on age or bytes, backups are numbered upwards, the oldest first. If time decides, a
// backup is named for the beginning of its period: app.log.2024-03-01, see [Schedule].
//
// The Write that triggers a rollover waits only for the change of names. Under the writer's lock
//
//  1. the buffer is written to the file it belongs to, and the path is checked;
//  2. app.log gets a second, hidden name (a hard link);
//  3. the next file, opened ahead, is renamed to app.log.
//
// So the path leads to the newest record at any time, and whoever watches the directory sees one file take that name. The
// rest happens in the background, one file at a time and in order: the old file is compressed, the backups move up, it gets its
// backup name (or goes to your Rotator), it is synced and closed, OnRotate is called, and backups beyond the limits are removed.
// A file under 1 MiB that is not compressed has its backup name before Write returns, unless a hook takes longer than a second
// or is still busy with the file before.
//
// A file keeps its backup name for as long as OnRotate runs for it, because the next file gets no name before. Meanwhile at most
// BackupCount files wait; the oldest beyond that are removed, and OnError is told. At most 256 wait in any case: then the
// log grows until they are fewer.
//
// Nothing is closed before the next file is open, and a step that is refused changes nothing: the writer goes on in the
// file it holds, tries again after 1 s, 2 s, 4 s and so on up to 30 s, and nothing is lost.
//
// # Which files are backups
//
// Backups are recognised by their names, whatever the settings are today. After a lower BackupCount, without Compress, with
// another When or a new Namer, the older backups still count for retention and are listed by Backups. A backup is a regular file
// with one of these names:
//
//	with numbers   Path.N, and what the Namer makes of it
//	with dates     Path.DATE and Path.DATE.N in any layout of a [Schedule], and what the Namer makes of them
//	compressed     one of these with .gz, if the gzip header has our mark
//
// A number that looks like a year or a date (2024, 240301) is a backup's only if BackupCount, or the numbers just before it,
// reach that far. Names that came from an earlier Namer cannot be recognised: those files stay, count for no limit, and are yours
// to remove.
//
// Anything else under such a name is neither moved nor removed, and its number is skipped: a directory, a link, somebody else's
// gzip file, or a file that is a log itself, because another writer has it open under that name or, on Linux, because another
// program has it open for writing.
//
// # What a crash leaves, and what becomes of it
//
// Whatever is neither the log nor a finished backup lies in a hidden directory beside the log, .app.log.rotation. The directory
// exists only while something is in it. So readers of app.log*, *.log or * see only plain lines and complete compressed files.
// The names alone tell where a rollover was interrupted, and the next writer of the same path repairs it before it opens the
// file. (Files of a living process are locked (flock), and left alone.)
//
//	app.log   next-…   out-…     part-….gz  app.log.1.gz   killed                 at the next start
//	full      -        -         -          -              before anything        nothing to do
//	full      empty    -         -          -              next file opened       next is removed
//	full      empty    the same  -          -              linked                 out is removed: one file with two names
//	new       -        full      -          -              exchanged              out becomes app.log.1
//	-         empty    full      -          -              exchanged by renames   the same; app.log is made
//	new       -        full      half       -              while compressing      part is removed, compression begins again
//	new       -        full      complete   -              compressed             the same
//	new       -        full      -          complete       published              contents compared, out is removed
//	new       -        -         -          complete       after everything       nothing to do
//
// A crash while backups move up leaves a number free, which the next rollover uses. A compressed file gets its name only when
// it is complete and on the disk, and the plain file is removed only when that name is on the disk, too.
//
// # Other writers of the same file
//
// Files are always opened for appending, in every Mode: what another program appends stays, and what it cuts off
// (logrotate's copytruncate) leaves no hole. Two writers on one path, in one process or in several, lose nothing: a lock
// on the hidden directory makes them take turns at rotating, they follow when the path leads to another file, and they remove no
// backup that the other has open. A writer that does not get the lock within a second tells OnError and rotates without it,
// unless the file is Shared. Only with Shared do they also keep to MaxBytes together.
//
// # File systems
//
// What a file system can do is found by trying. Some refuse hard links (exFAT), or show the second name as another file
// (FUSE by paths: sshfs, bindfs). There a rollover renames twice, the path leads nowhere for some microseconds, and Shared is an
// error. The next file keeps the owner, group, permissions and access control list of the one before. Where they cannot be kept
// they are narrowed: nobody can read the next file who could not read the one before.
//
// # Operating systems
//
// Linux has everything; where the kernel, or the system call filter of a container, does not know the newer calls, older ones are
// used. On macOS a WatchedFile checks the path with every record. Windows cannot rename an open file: there a rollover closes the
// file first and opens it again if the rename is refused, nothing is opened ahead, Shared is an error, and a WatchedFile has nothing
// to watch.
//
// # Where to look next
//
//	stream.go                     NewStream: any io.Writer
//	file.go ─┬─ watched.go        NewFile, NewWatchedFile; options.go has what all files have in common
//	         ├─ rotating.go       NewRotatingFile, NewTimedRotatingFile; rollover.go has what these two have in common,
//	         └─ timed.go          schedule.go decides when a period ends
//	register.go ── settings.go    the same writers by URL
//	sink.go, stats.go, fsync.go   the methods they share, what they count, when they sync
//	internal/writer               the open file, its lock and its buffer
//	internal/rotation             from a full file to a finished backup
//	internal/backups              the names of backups, and which of them stay
//	internal/appendfile, fsys     one open file; what differs between systems
package writesyncers

import (
	base "example.com/zaphandlers/zapcore"
	"go.uber.org/zap"
)

// Every writer is a Sink for zap, and a RecordWriter for a queue, which knows where records end.
var (
	_ = []zap.Sink{(*Stream)(nil), (*File)(nil), (*WatchedFile)(nil), (*RotatingFile)(nil), (*TimedRotatingFile)(nil)}
	_ = []base.RecordWriter{(*Stream)(nil), (*File)(nil), (*WatchedFile)(nil), (*RotatingFile)(nil), (*TimedRotatingFile)(nil)}
)
