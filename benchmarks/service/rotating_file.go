package main

import (
	"path/filepath"

	"example.com/zaphandlers/writesyncers"
	base "example.com/zaphandlers/zapcore"
	"go.uber.org/zap/zapcore"
)

// rotatingFile is zap's own core over a file that rolls over, written by the goroutine that logs.
type rotatingFile struct {
	file *writesyncers.RotatingFile
	glob string
}

func (d *rotatingFile) open(dir string) (zapcore.Core, error) {
	var err error
	if d.file, d.glob, err = openRotating(dir); err != nil {
		return nil, err
	}
	return zapcore.NewCore(newEncoder(), d.file, zapcore.DebugLevel), nil
}

func (d *rotatingFile) close() error { return d.file.Close() }

func (d *rotatingFile) stats() base.Stats { return d.file.Stats().Stats }

func (d *rotatingFile) readBack(t *tally) error { return t.readFiles(d.glob) }

// openRotating opens a file that rolls over a few times in a run, and keeps everything. glob finds all its files.
func openRotating(dir string) (file *writesyncers.RotatingFile, glob string, err error) {
	path := filepath.Join(dir, "app.log")
	file, err = writesyncers.NewRotatingFile(writesyncers.RotatingFileConfig{
		Path:        path,
		MaxBytes:    2 << 20,
		BackupCount: -1,
	})
	return file, path + "*", err
}
