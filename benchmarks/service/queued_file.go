package main

import (
	"example.com/zaphandlers/queuecore"
	"example.com/zaphandlers/writesyncers"
	base "example.com/zaphandlers/zapcore"
	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"
)

// queuedFile is a queue in front of a file that rolls over: the goroutine that logs only records the values, and the queue's
// own delivers them, a batch at a time.
type queuedFile struct {
	queue *queuecore.Core
	file  *writesyncers.RotatingFile
	glob  string
}

func (d *queuedFile) open(dir string) (zapcore.Core, error) {
	var err error
	if d.file, d.glob, err = openRotating(dir); err != nil {
		return nil, err
	}
	d.queue, err = queuecore.New(queuecore.Config{
		Targets: queuecore.Targets(base.FromWriter(newEncoder(), d.file, nil)),
	})
	if err != nil {
		return nil, multierr.Append(err, d.file.Close())
	}
	return d.queue, nil
}

// close closes the queue first, for that empties it into the file.
func (d *queuedFile) close() error { return multierr.Append(d.queue.Close(), d.file.Close()) }

func (d *queuedFile) stats() base.Stats { return d.queue.Stats() }

func (d *queuedFile) readBack(t *tally) error { return t.readFiles(d.glob) }
