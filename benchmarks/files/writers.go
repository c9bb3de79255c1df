package files

import (
	"io"
	"os"
	"time"

	"example.com/zaphandlers/writesyncers"
	"github.com/DeRuina/timberjack"
	rotatelogs "github.com/lestrrat-go/file-rotatelogs"
	"github.com/phuslu/log"
	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"
	"gopkg.in/natefinch/lumberjack.v2"
)

// writer is one that is measured. limit is the size at which it rotates, 0 for never.
type writer struct {
	name string
	open func(path string, limit int64) (io.WriteCloser, error)
}

const never = 1 << 40

func orNever(limit int64) int64 {
	if limit == 0 {
		return never
	}
	return limit
}

func megabytes(limit int64) int { return int(orNever(limit) >> 20) }

// raw is what all others are compared with: one system call a record.
func raw(path string, _ int64) (io.WriteCloser, error) {
	return os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
}

// ours are this module's.
var ours = []writer{
	{"File", func(path string, _ int64) (io.WriteCloser, error) {
		return writesyncers.NewFile(writesyncers.FileConfig{Path: path})
	}},
	{"RotatingFile", func(path string, limit int64) (io.WriteCloser, error) {
		return rotating(path, writesyncers.RotatingFileConfig{MaxBytes: limit})
	}},
	{"RotatingFile, gzip", func(path string, limit int64) (io.WriteCloser, error) {
		return rotating(path, writesyncers.RotatingFileConfig{MaxBytes: limit, Compress: writesyncers.Gzip})
	}},
	{"TimedRotatingFile", func(path string, limit int64) (io.WriteCloser, error) {
		return writesyncers.NewTimedRotatingFile(writesyncers.TimedRotatingFileConfig{Path: path, When: "midnight", MaxBytes: limit, BackupCount: 5})
	}},
	{"RotatingFile, Shared", func(path string, limit int64) (io.WriteCloser, error) {
		return rotating(path, writesyncers.RotatingFileConfig{MaxBytes: limit, Shared: true})
	}},
	{"WatchedFile", func(path string, _ int64) (io.WriteCloser, error) {
		return writesyncers.NewWatchedFile(writesyncers.WatchedFileConfig{Path: path})
	}},
	{"WatchedFile, Notify", func(path string, _ int64) (io.WriteCloser, error) {
		return writesyncers.NewWatchedFile(writesyncers.WatchedFileConfig{Path: path, Notify: true})
	}},
	{"WatchedFile, CheckEvery 100 ms", func(path string, _ int64) (io.WriteCloser, error) {
		return writesyncers.NewWatchedFile(writesyncers.WatchedFileConfig{Path: path, CheckEvery: 100 * time.Millisecond})
	}},
	{"File, Buffer 256 KiB", func(path string, _ int64) (io.WriteCloser, error) {
		return writesyncers.NewFile(writesyncers.FileConfig{Path: path, Buffer: 256 << 10})
	}},
}

func rotating(path string, cfg writesyncers.RotatingFileConfig) (io.WriteCloser, error) {
	cfg.Path, cfg.BackupCount, cfg.MaxBytes = path, 5, orNever(cfg.MaxBytes)
	return writesyncers.NewRotatingFile(cfg)
}

// rivals are the others, each as its documentation says.
var rivals = []writer{
	{"lumberjack", func(path string, limit int64) (io.WriteCloser, error) {
		return &lumberjack.Logger{Filename: path, MaxSize: megabytes(limit), MaxBackups: 5}, nil
	}},
	{"lumberjack, gzip", func(path string, limit int64) (io.WriteCloser, error) {
		return &lumberjack.Logger{Filename: path, MaxSize: megabytes(limit), MaxBackups: 5, Compress: true}, nil
	}},
	{"timberjack", func(path string, limit int64) (io.WriteCloser, error) {
		return &timberjack.Logger{Filename: path, MaxSize: megabytes(limit), MaxBackups: 5}, nil
	}},
	{"timberjack, gzip", func(path string, limit int64) (io.WriteCloser, error) {
		return &timberjack.Logger{Filename: path, MaxSize: megabytes(limit), MaxBackups: 5, Compression: "gzip"}, nil
	}},
	{"file-rotatelogs", func(path string, limit int64) (io.WriteCloser, error) {
		return rotatelogs.New(path+".%Y%m%d", rotatelogs.WithRotationSize(orNever(limit)), rotatelogs.WithRotationCount(5), rotatelogs.WithMaxAge(-1))
	}},
	{"phuslu/log FileWriter", func(path string, limit int64) (io.WriteCloser, error) {
		return &log.FileWriter{Filename: path, MaxSize: orNever(limit), MaxBackups: 5, FileMode: 0o644}, nil
	}},
	{"zap BufferedWriteSyncer", func(path string, _ int64) (io.WriteCloser, error) {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		return zapBuffered{&zapcore.BufferedWriteSyncer{WS: f}, f}, err
	}},
}

// zapBuffered closes the file as well.
type zapBuffered struct {
	*zapcore.BufferedWriteSyncer
	f *os.File
}

func (z zapBuffered) Close() error { return multierr.Append(z.Stop(), z.f.Close()) }
