package main

import (
	"time"

	"example.com/zaphandlers/queuecore"
	"example.com/zaphandlers/writesyncers"
	base "example.com/zaphandlers/zapcore"
	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"
)

// twoTargets is a queue with two targets, each a file that rolls over. In the middle of the run the second stalls for a second, as
// a network disk may:
//
//	                ┌─ listener ─► file
//	logger ─► queue ┤
//	                └─ listener ─► file that stalls
//
// The first has to go on meanwhile, and both must have everything in the end. Each is a destination of its own, so that its records are
// counted separately.
type twoTargets struct {
	stall func() // what the second does once
	after uint64 // how many records have been written to it by then, at least

	files []*writesyncers.RotatingFile
	queue *queuecore.Core // made when both files are open
}

// kinds are the two destinations, in the order in which they have to be opened.
func (f *twoTargets) kinds() []kind {
	return []kind{
		{"two targets: a file", func() destination { return &oneTarget{pair: f} }},
		{"two targets: one that stalls", func() destination { return &oneTarget{pair: f, index: 1} }},
	}
}

// newTwoTargets returns twoTargets that stall when half of the requests are logged; with -input, whose length is not known, after a
// thousand lines.
func newTwoTargets(cfg config) *twoTargets {
	f := &twoTargets{stall: func() { time.Sleep(time.Second) }, after: uint64(cfg.requests / 2)}
	if cfg.input != "" {
		f.after = 1000
	}
	return f
}

// start makes the queue. BlockTimeout is longer than the stall, so that logging waits for room, and no record is refused.
func (f *twoTargets) start() (err error) {
	f.queue, err = queuecore.New(queuecore.Config{
		Targets: queuecore.Targets(
			base.FromWriter(newEncoder(), f.files[0], nil),
			base.FromWriter(newEncoder(), &stalling{RotatingFile: f.files[1], pair: f}, nil)),
		BlockTimeout: 10 * time.Second,
	})
	return err
}

// stalling is a file that stalls once.
type stalling struct {
	*writesyncers.RotatingFile
	pair    *twoTargets
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
	if before <= s.pair.after && s.pair.after < s.written {
		s.pair.stall()
	}
}

// oneTarget is one of the two targets, as a destination.
type oneTarget struct {
	pair  *twoTargets
	index int
	file  *writesyncers.RotatingFile
	glob  string
}

// open returns the queue for the second target; for the first, which is opened before there is a queue, a core that takes nothing.
func (d *oneTarget) open(dir string) (zapcore.Core, error) {
	var err error
	if d.file, d.glob, err = openRotating(dir); err != nil {
		return nil, err
	}
	d.pair.files = append(d.pair.files, d.file)
	if d.index == 0 {
		return zapcore.NewNopCore(), nil
	}
	if err := d.pair.start(); err != nil {
		return nil, multierr.Append(err, d.file.Close())
	}
	return d.pair.queue, nil
}

// close closes the queue, which delivers the rest to both files, and this target's file.
func (d *oneTarget) close() (err error) {
	if d.pair.queue != nil {
		err = d.pair.queue.Close()
	}
	return multierr.Append(err, d.file.Close())
}

func (d *oneTarget) stats() base.Stats { return d.pair.queue.Targets()[d.index].Stats }

func (d *oneTarget) readBack(t *tally) error { return t.readFiles(d.glob) }
