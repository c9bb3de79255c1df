package main

import (
	"path/filepath"

	"example.com/zaphandlers/writesyncers"
	base "example.com/zaphandlers/zapcore"
	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"
)

// timedFile is a file that rolls over each second, and keeps all backups.
type timedFile struct {
	file *writesyncers.TimedRotatingFile
	path string
}

func (d *timedFile) open(dir string) (zapcore.Core, error) {
	d.path = filepath.Join(dir, "app.log")
	var err error
	if d.file, err = writesyncers.NewTimedRotatingFile(writesyncers.TimedRotatingFileConfig{Path: d.path, When: "S"}); err != nil {
		return nil, err
	}
	return zapcore.NewCore(newEncoder(), d.file, zapcore.DebugLevel), nil
}

func (d *timedFile) close() error { return d.file.Close() }

func (d *timedFile) stats() base.Stats { return d.file.Stats().Stats }

// readBack reads the backups that the file itself lists: one that it does not list is as good as lost.
func (d *timedFile) readBack(t *tally) error {
	backups, err := d.file.Backups()
	for _, path := range append(backups, d.path) {
		err = multierr.Append(err, t.readFile(path))
	}
	return err
}
