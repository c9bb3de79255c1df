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
// zapcore.Lock around them only costs time.
//
// # What a writer promises
//
// One Write is one record. It reaches the file in one piece: a rotation happens between two records and never inside
// one, also when many records are written at once ([base.RecordWriter]). A nil error means that the kernel has all of it,
// or that it waits in the Buffer, if you asked for one.
//
// A Write that returns an error has lost that record and no other. Should half of it have reached the file (a full disk),
// the next record starts on a line of its own. So it does after a process that was killed in the middle of a write: a
// file that is found without a line end gets one.
//
// Write allocates nothing. Sync is an fsync by default and nil for a terminal or a pipe. After Close every call returns an
// error that wraps [os.ErrClosed]. A Buffer is written by Close, and a signal, as SIGTERM, ends a Go program without it unless
// signal.NotifyContext takes it; without a Buffer nothing is lost by that.
//
// What goes wrong where nobody waits for an answer (a rotation refused, a backup that cannot be compressed) is said to
// OnError once when it begins and once when it is over, and counted in Stats.
//
// # Rotation
//
// A file of less than MaxBytes, and up to BackupCount older ones, the newest first:
//
//	app.log        the file being written
//	app.log.1      what was app.log before the last rollover; app.log.1.gz if Compress says so
//	app.log.2      and before that; the last of them goes when its turn comes
//
// or, if time decides, backups named for the beginning of their period: app.log.2024-03-01, see [Schedule].
//
// The writer whose record triggers a rollover does not wait for all of it. Under the lock the next file, opened ahead,
// changes names with the one in use, in one step, so that the path leads to the newest record at any time. The rest
// happens behind: backups make room, the file gets its name (or goes to your Rotator), is compressed, OnRotate is called.
// A second rollover waits for the names of the first, at most a second. Files under 1 MiB get their names before Write
// returns.
//
// Nothing is closed before the next file is open, and a step that is refused changes nothing: the writer goes on in the
// file it holds, tries again after 1 s, 2 s, 4 s and so on up to 30 s, and nothing is lost.
//
// # What a crash leaves, and what becomes of it
//
// Every state between two steps can be told from the names alone. The next writer of the same path puts it right before it
// opens the file. (A file that belongs to a living process has a lock (flock) on it, and is left alone.)
//
//	app.log   .app.log.next-…   app.log.1   .app.log.part-…   app.log.1.gz   killed               at the next start
//	full      -                 older       -                 -              before anything      nothing to do
//	full      empty             older       -                 -              next file opened     .next goes
//	new       full              older       -                 -              names exchanged      .next becomes app.log.1
//	new       full              -           -                 -              while making room    the same; the gap is filled
//	new       -                 full        -                 -              named                compressed, if it is to be
//	new       -                 full        half              -              while compressing    .part goes, begun again
//	new       -                 full        -                 complete       published            contents compared, app.log.1 goes
//	new       -                 -           -                 complete       after everything     nothing to do
//
// Where names cannot be exchanged in one step there is one state more: app.log is missing, and .next is full. It is treated
// like the third. A compressed file gets its name only when it is complete and on the disk, and the backup goes only when
// the name is on the disk, too.
//
// # Other writers of the same file
//
// Files are always opened for appending, in every Mode: what another program appends stays, and what it cuts off
// (logrotate's copytruncate) leaves no hole. Two writers on one path, in one process or in several, lose nothing: they
// take turns at rotating by a lock on the directory, follow when the path leads elsewhere, and remove no backup that the
// other has open. With Shared they also keep to MaxBytes together.
//
// # Other systems
//
// Linux has it all. On macOS Notify looks at the path with every record. Windows cannot rename an open file: there a
// rollover closes the file first, opens it again if the rename is refused, and nothing is opened ahead; Shared is an
// error; a WatchedFile has nothing to watch. On BSD, and on file systems that cannot exchange names, a rollover renames
// twice, and for some microseconds the path leads nowhere.
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
