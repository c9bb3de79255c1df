package faults

import (
	"io"
	"os"

	"github.com/DeRuina/timberjack"
	rotatelogs "github.com/lestrrat-go/file-rotatelogs"
	plog "github.com/phuslu/log"
	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"
	"gopkg.in/natefinch/lumberjack.v2"

	"example.com/zaphandlers/writesyncers"
)

// writer is a handler that writes files: those that rotate do it at a megabyte, and keep all backups.
type writer struct {
	name string
	open func(path string) (io.WriteCloser, error)
}

const (
	limit  = 1 << 20
	many   = 1000
	buffer = 4 << 10
)

var (
	oursFile = writer{"File", func(path string) (io.WriteCloser, error) {
		return writesyncers.NewFile(writesyncers.FileConfig{Path: path, OnError: ignore})
	}}
	oursBuffered = writer{"File, Buffer", func(path string) (io.WriteCloser, error) {
		return writesyncers.NewFile(writesyncers.FileConfig{Path: path, Buffer: buffer, OnError: ignore})
	}}
	oursWatched = writer{"WatchedFile", func(path string) (io.WriteCloser, error) {
		return writesyncers.NewWatchedFile(writesyncers.WatchedFileConfig{Path: path, OnError: ignore})
	}}
	oursRotating = writer{"RotatingFile", func(path string) (io.WriteCloser, error) {
		return writesyncers.NewRotatingFile(writesyncers.RotatingFileConfig{Path: path, MaxBytes: limit, BackupCount: -1, OnError: ignore})
	}}
	oursShared = writer{"RotatingFile, Shared", func(path string) (io.WriteCloser, error) {
		return writesyncers.NewRotatingFile(writesyncers.RotatingFileConfig{Path: path, MaxBytes: limit, BackupCount: -1, Shared: true, OnError: ignore})
	}}
)

// The rivals, each as its documentation says.
var (
	osFile       = writer{"os.File", func(path string) (io.WriteCloser, error) { return appending(path) }}
	zapBuffered  = writer{"zap BufferedWriteSyncer", bufferedWriteSyncer}
	lumberjacked = writer{"lumberjack", func(path string) (io.WriteCloser, error) {
		return &lumberjack.Logger{Filename: path, MaxSize: limit >> 20}, nil
	}}
	timberjacked = writer{"timberjack", func(path string) (io.WriteCloser, error) {
		return &timberjack.Logger{Filename: path, MaxSize: limit >> 20}, nil
	}}
	fileRotatelogs = writer{"file-rotatelogs", func(path string) (io.WriteCloser, error) {
		return rotatelogs.New(path+".%Y%m%d", rotatelogs.WithRotationSize(limit), rotatelogs.WithMaxAge(-1), rotatelogs.WithRotationCount(many))
	}}
	phusluFile = writer{"phuslu/log FileWriter", func(path string) (io.WriteCloser, error) {
		return &plog.FileWriter{Filename: path, MaxSize: limit, MaxBackups: many, FileMode: 0o644}, nil
	}}
	rotators = []writer{lumberjacked, timberjacked, fileRotatelogs, phusluFile}
)

func appending(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
}

// bufferedWriteSyncer closes the file as well.
func bufferedWriteSyncer(path string) (io.WriteCloser, error) {
	f, err := appending(path)
	if err != nil {
		return nil, err
	}
	ws := &zapcore.BufferedWriteSyncer{WS: f, Size: buffer}
	return struct {
		io.Writer
		io.Closer
	}{ws, closing(func() error { return multierr.Append(ws.Stop(), f.Close()) })}, nil
}

// closing is a Close.
type closing func() error

func (c closing) Close() error { return c() }

// rotate makes a writer rotate now.
func rotate(w io.Writer) error {
	switch w := w.(type) {
	case interface{ Rollover() error }:
		return w.Rollover()
	case interface{ Rotate() error }:
		return w.Rotate()
	}
	return nil
}
