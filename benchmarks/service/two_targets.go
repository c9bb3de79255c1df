package main

import (
	"time"

	"example.com/zaphandlers/queuecore"
	"example.com/zaphandlers/writesyncers"
	base "example.com/zaphandlers/zapcore"
	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"
)

// fork is a queue with two targets, each a file that rolls over. In the middle of the run the second stalls for a second, as
// a network disk may:
//
//	                ┌─ listener ─► file
//	logger ─► queue ┤
//	                └─ listener ─► file that stalls
//
// The first has to go on meanwhile, and both have to have everything in the end. Each is a destination by itself, so that
// its records are counted by themselves.
type fork struct {
	stall func() // what the second does once
	after uint64 // how many records have been written to it by then, at least

	files []*writesyncers.RotatingFile
	queue *queuecore.Core // made when both files are open
}

// kinds are the two destinations, in the order in which they have to be opened.
func (f *fork) kinds() []kind {
	return []kind{
		{"two targets: a file", func() destination { return &prong{fork: f} }},
		{"two targets: one that stalls", func() destination { return &prong{fork: f, index: 1} }},
	}
}

// newFork returns a fork that stalls when half of the requests are logged, or a thousand lines of an input, for nobody knows
// how long that is.
func newFork(cfg config) *fork {
	f := &fork{stall: func() { time.Sleep(time.Second) }, after: uint64(cfg.requests / 2)}
	if cfg.input != "" {
		f.after = 1000
	}
	return f
}

// start makes the queue. Its targets are for it to fill: whoever logs waits for room as long as the stall lasts and more.
func (f *fork) start() (err error) {
	f.queue, err = queuecore.New(queuecore.Config{
		Targets: queuecore.Targets(
			base.FromWriter(newEncoder(), f.files[0], nil),
			base.FromWriter(newEncoder(), &stalling{RotatingFile: f.files[1], fork: f}, nil)),
		BlockTimeout: 10 * time.Second,
	})
	return err
}

// stalling is a file that stalls once.
type stalling struct {
	*writesyncers.RotatingFile
	fork    *fork
	written uint64
}

func (s *stalling) Write(p []byte) (int, error) {
	s.count(1)
	return s.RotatingFile.Write(p)
}

func (s *stalling) WriteRecords(b []byte, ends []int) (int, error) {
	s.count(uint64(len(ends)))
	return s.RotatingFile.WriteRecords(b, ends)
}

// count counts records that are about to be written, and stalls with the one that is number after.
func (s *stalling) count(records uint64) {
	before := s.written
	s.written += records
	if before <= s.fork.after && s.fork.after < s.written {
		s.fork.stall()
	}
}

// prong is one target of a fork.
type prong struct {
	fork  *fork
	index int
	file  *writesyncers.RotatingFile
	glob  string
}

// open returns the queue for the second target, and for the first a core that takes nothing.
func (d *prong) open(dir string) (zapcore.Core, error) {
	var err error
	if d.file, d.glob, err = openRotating(dir); err != nil {
		return nil, err
	}
	d.fork.files = append(d.fork.files, d.file)
	if d.index == 0 {
		return zapcore.NewNopCore(), nil
	}
	if err := d.fork.start(); err != nil {
		return nil, multierr.Append(err, d.file.Close())
	}
	return d.fork.queue, nil
}

// close empties the queue into both files, if nobody has yet, and closes one.
func (d *prong) close() (err error) {
	if d.fork.queue != nil {
		err = d.fork.queue.Close()
	}
	return multierr.Append(err, d.file.Close())
}

func (d *prong) stats() base.Stats { return d.fork.queue.Targets()[d.index].Stats }

func (d *prong) readBack(t *tally) error { return t.readFiles(d.glob) }
