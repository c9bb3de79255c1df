// Package writesyncers holds the file handlers of Python's logging package as writers for zap:
//
//	NewStream             StreamHandler              standard error, or any io.Writer
//	NewFile               FileHandler                one file
//	NewWatchedFile        WatchedFileHandler         a file that logrotate renames
//	NewRotatingFile       RotatingFileHandler        a file that rolls over by size
//	NewTimedRotatingFile  TimedRotatingFileHandler   a file that rolls over by time, and by size if it is told to
//
// Each of them is a [zap.Sink] (Write, Sync, Close) and goes straight into [zapcore.NewCore]:
//
//	file, err := writesyncers.NewRotatingFile(writesyncers.RotatingFileConfig{
//		Path:        "/var/log/app.log",
//		MaxBytes:    10 << 20,
//		BackupCount: 5,
//	})
//	core := zapcore.NewCore(encoder, file, zap.InfoLevel)
//
// or, after [RegisterSinks], into the OutputPaths of a zap.Config by URL. They are safe for concurrent use, so
// zapcore.Lock around them is of no use: it costs time, and behind a queue a call to the system for each record.
//
// # What a writer promises
//
// One Write is one record. It reaches the file in one piece: a rotation happens between two records and never inside
// one, also when many records are written at once ([base.RecordWriter]). A nil error means that the kernel has all of it,
// or that it waits in the Buffer, if you asked for one.
//
// A Write that returns an error has lost that record and no other. Should half of it have reached the file (a full disk),
// the next record starts on a line of its own. So it does after a process that was killed in the middle of a write: a
// file that is found without a line end gets one, if it may be read (a log of mode 0200 may not, but by root).
//
// A file that is none any more, as on a FUSE file system whose process has ended or on a server that has it no longer, is opened anew as
// soon as the path leads to a file again; until then Write returns the error. So is a pipe that its reader has made anew, and a
// terminal, or another device, that hangs up.
//
// Write allocates nothing. Sync is an fsync by default and nil for a terminal or a pipe. After Close Write, Sync, Rollover and Reopen
// return an error that wraps [os.ErrClosed]; Close returns nil, and Stats and Backups answer. A Buffer is written by Close, and a signal,
// as SIGTERM, ends a Go program without it unless signal.NotifyContext takes it; without a Buffer nothing is lost by that.
//
// What goes wrong where nobody waits for an answer (a rotation refused, a backup that cannot be compressed) is said to
// OnError once when it begins and once when it is over, and counted in Stats. Code of yours (Namer, Rotator, OnRotate,
// ShouldRollover, Next, Clock, Encode, OnError) may panic, take its time, never return, or end its goroutine: the writer goes on. But
// ShouldRollover and Next decide about the record that is being written, under the writer's lock: until they return, all Writes wait.
//
// # Closing
//
// Close writes what is in the Buffer, finishes what rollovers have left and releases everything. It comes to an end: a rollover
// that has not is given some 10 s and is found by the next start; a Write that waits for the reader of a pipe, 5 s; a disk or a
// server that does not answer, 15 s, or half a minute where there is a rollover under way as well, and then goes on in the background.
//
// A program that is stopped by its supervisor gets SIGTERM, and Go ends it at once unless it is told otherwise: have
// [os/signal.NotifyContext] tell you, and close what you have opened, queues first. The example named signal is a whole program.
//
// # Rotation
//
// A file of less than MaxBytes, and up to BackupCount older ones, the newest first:
//
//	app.log        the file being written
//	app.log.1      what was app.log before the last rollover; app.log.1.gz if Compress says so
//	app.log.2      and before that; the last of them goes when its turn comes
//
// or all of them, numbered upwards, the oldest first (BackupCount -1, or a limit by age or bytes alone); or, if time decides,
// named for the beginning of their period: app.log.2024-03-01, see [Schedule].
//
// The writer whose record triggers a rollover does not wait for all of it. Under its lock the buffer is written to the file it belongs
// to, the path is looked at, and names change: app.log gets a second, hidden name (a hard link), and the next file, opened ahead, is
// renamed to app.log, so that the path leads to the newest record at any time, and whoever watches the directory sees one file come
// to that name. The rest happens behind, in the order of the files and one at a time: the old file is compressed, backups make
// room, it gets its name (or goes to your Rotator), it is synced and closed, OnRotate is called, what is too old or too much goes.
// Files under 1 MiB that are not compressed have their names before Write returns, unless a hook takes longer than a second, or is
// still at the file before.
//
// So OnRotate's file keeps its name for as long as OnRotate runs: the next gets none before. Files that wait meanwhile are at most
// BackupCount (the oldest of more are given up, which OnError hears), and 256 in any case: then the log grows until they are fewer.
//
// Nothing is closed before the next file is open, and a step that is refused changes nothing: the writer goes on in the
// file it holds, tries again after 1 s, 2 s, 4 s and so on up to 30 s, and nothing is lost.
//
// # What is ours
//
// Backups are known by their names, whatever the settings are today: a lower BackupCount, Compress that was switched off, another
// When or a Namer that came later leave no backup outside retention and Backups. With numbers these are regular files whose
// name is Path.N, or what the Namer makes of it; with dates Path.DATE and Path.DATE.N in any layout of a [Schedule], or what the
// Namer makes of them; and both with .gz behind, if the gzip header bears our mark. Names that only a Namer gave which is gone, or gives
// others now, are nobody's: those files stay, count for no limit, and are yours to remove. Whatever else has such a name (a directory,
// a link, a gzip file of somebody else's, a file that is a log itself, for another writer has it open under that name, or, on Linux,
// another program for writing) is neither moved nor removed: its number is stepped over. A number that looks like a year
// or a date (2024, 240301) is no backup's unless BackupCount, or the numbers just before it, lead there.
//
// # What a crash leaves, and what becomes of it
//
// What is neither the log nor a finished backup lies in a hidden directory beside the log, .app.log.rotation, which is there
// only while something is in it: readers of app.log*, *.log or * see plain lines and complete compressed files. Every state
// between two steps can be told from the names alone. The next writer of the same path puts it right before it opens the file.
// (A file that belongs to a living process has a lock (flock) on it, and is left alone.)
//
//	app.log   next-…   out-…     part-….gz  app.log.1.gz   killed                 at the next start
//	full      -        -         -          -              before anything        nothing to do
//	full      empty    -         -          -              next file opened       next goes
//	full      empty    the same  -          -              linked                 out goes: one file with two names
//	new       -        full      -          -              exchanged              out becomes app.log.1
//	-         empty    full      -          -              exchanged by renames   the same; app.log is made
//	new       -        full      half       -              while compressing      part goes, begun again
//	new       -        full      complete   -              compressed             the same
//	new       -        full      -          complete       published              contents compared, out goes
//	new       -        -         -          complete       after everything       nothing to do
//
// and a crash while backups make room leaves a number free, which the next rollover takes. A compressed file gets its name
// only when it is complete and on the disk, and the plain one goes only when the name is on the disk, too.
//
// # Other writers of the same file
//
// Files are always opened for appending, in every Mode: what another program appends stays, and what it cuts off
// (logrotate's copytruncate) leaves no hole. Two writers on one path, in one process or in several, lose nothing: they
// take turns at rotating by a lock on the hidden directory, follow when the path leads elsewhere, and remove no backup that the
// other has open. With Shared they also keep to MaxBytes together. Who cannot get the lock for a second says so, and rotates all
// the same unless the file is Shared.
//
// # File systems and systems
//
// What a file system can do is found by trying. Where a hard link is refused (exFAT), or is another file to the kernel (FUSE
// by paths: sshfs, bindfs), a rollover renames twice, and for some microseconds the path leads nowhere; Shared is an error there.
// The next file can be read by those who could read the one before, and by nobody else: owner, group, permissions and access
// control lists are kept, or narrowed where they cannot be.
//
// # How the files hang together
//
//	stream.go                     NewStream: any io.Writer
//	file.go ─┬─ watched.go        NewFile, NewWatchedFile: options.go is what all files have in common,
//	         ├─ rotating.go       NewRotatingFile, NewTimedRotatingFile: rollover.go what these two have,
//	         └─ timed.go          and schedule.go when a period ends
//	register.go ── settings.go    the same by URL
//	sink.go, stats.go, fsync.go   what all of them can be used as, what they count, when they sync
//	internal/writer               the file, its lock and its buffer
//	internal/rotation             from a full file to a finished backup
//	internal/backups              which files are ours, and which stay
//	internal/appendfile, fsys     one open file; what systems do differently
//
// # Systems
//
// Linux has it all; where the kernel, or the filter of a container, does not know the newer calls, older ones do their work. On macOS a
// WatchedFile looks at the path with every record. Windows cannot rename an open file: there a rollover closes the file first, opens it
// again if the rename is refused, and nothing is opened ahead; Shared is an error; a WatchedFile has nothing to watch.
package writesyncers

import (
	base "example.com/zaphandlers/zapcore"
	"go.uber.org/zap"
)

// What every writer of this package can be used as: by zap, and by a queue that knows where records end.
var (
	_ = []zap.Sink{(*Stream)(nil), (*File)(nil), (*WatchedFile)(nil), (*RotatingFile)(nil), (*TimedRotatingFile)(nil)}
	_ = []base.RecordWriter{(*Stream)(nil), (*File)(nil), (*WatchedFile)(nil), (*RotatingFile)(nil), (*TimedRotatingFile)(nil)}
)
