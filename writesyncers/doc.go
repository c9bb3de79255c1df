// Package writesyncers holds the file handlers of Python's logging package as writers for zap: a stream, a file, and a
// file that rolls over by size.
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
// They are safe for concurrent use, so zapcore.Lock around them only costs time.
//
// # What a writer promises
//
// One Write is one record. It reaches the file in one piece: a rotation happens between two records and never inside
// one, also when many records are written at once ([base.RecordWriter]). A nil error means that the kernel has all of
// it. A Write that returns an error has lost that record and no other: should half of it have reached the file (a full
// disk), the next record starts on a line of its own.
//
// Write, Sync and Stats allocate nothing. After Close they say so with an error that wraps [os.ErrClosed].
//
// # Rotation
//
// A file of at most MaxBytes, and up to BackupCount older ones, the newest first:
//
//	app.log        the file being written
//	app.log.1      what was app.log before the last rollover
//	app.log.2      and before that; the last of them goes when its turn comes
//
// When a step of it is refused (a directory that became read-only, say), the writer goes on in the file it holds, tries
// again later and reports the trouble once to OnError.
package writesyncers

import (
	base "example.com/zaphandlers/zapcore"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// What every writer of this package can be used as.
var (
	_ = []zap.Sink{(*Stream)(nil), (*File)(nil), (*RotatingFile)(nil), (*TimedRotatingFile)(nil), (*WatchedFile)(nil)}
	_ = []base.RecordWriter{(*Stream)(nil), (*File)(nil), (*RotatingFile)(nil), (*TimedRotatingFile)(nil), (*WatchedFile)(nil)}
	_ = []zapcore.WriteSyncer{(*Stream)(nil), (*File)(nil), (*RotatingFile)(nil), (*TimedRotatingFile)(nil), (*WatchedFile)(nil)}
)
