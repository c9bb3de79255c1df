package main

import (
	"errors"
	"sync"

	"example.com/zaphandlers/buffercore"
	"example.com/zaphandlers/writesyncers"
	base "example.com/zaphandlers/zapcore"
	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"
)

// flightRecorder writes only what is worth reading. Ten records in succession are a visit, which has its own Recording. If one of them is
// an error, all of them are written to a file that rolls over, those before and those after it; else all are discarded, and count as
// skipped.
//
//	visit 18 ── info  info  info … info ────────► discarded
//	visit 19 ── info  info  ERROR  info … info ─► file
type flightRecorder struct {
	buffer *buffercore.Core
	file   *writesyncers.RotatingFile
	glob   string

	mu     sync.Mutex // guards the field below, and what is in it
	visits map[uint64]*visit
}

// visitLength is how many records a visit has. The last one of a run may have fewer.
const visitLength = 10

type visit struct {
	recording *buffercore.Recording
	logged    int
	errored   bool
}

func (d *flightRecorder) open(dir string) (zapcore.Core, error) {
	d.visits = make(map[uint64]*visit)
	var err error
	if d.file, d.glob, err = openRotating(dir); err != nil {
		return nil, err
	}
	const plenty = 2 * visitLength * maxRecord // enough that nothing is dropped; memory is allocated as needed
	d.buffer, err = buffercore.New(buffercore.Config{
		Target:         base.FromWriter(newEncoder(), d.file, nil),
		MaxBytes:       2 * plenty,
		RecordingBytes: plenty,
	})
	if err != nil {
		return nil, multierr.Append(err, d.file.Close())
	}
	return visits{d}, nil
}

// close ends what was begun.
func (d *flightRecorder) close() error {
	for _, v := range d.visits {
		v.recording.End(v.errored)
	}
	return multierr.Append(d.buffer.Close(), d.file.Close())
}

func (d *flightRecorder) stats() base.Stats { return d.buffer.Stats() }

func (d *flightRecorder) readBack(t *tally) error { return t.readFiles(d.glob) }

// wants takes the whole visit if any of its records is an error.
func (d *flightRecorder) wants(seq uint64, errored *set) bool {
	for first, i := seq-seq%visitLength, uint64(0); i < visitLength; i++ {
		if errored.has(first + i) {
			return true
		}
	}
	return false
}

// enter returns the visit with that number, and begins it with its first record.
func (d *flightRecorder) enter(n uint64) *visit {
	d.mu.Lock()
	defer d.mu.Unlock()
	v := d.visits[n]
	if v == nil {
		v = &visit{recording: d.buffer.Begin()}
		d.visits[n] = v
	}
	return v
}

// leave counts a record of the visit, and ends that with its last one.
func (d *flightRecorder) leave(n uint64, v *visit, level zapcore.Level) {
	d.mu.Lock()
	v.logged++
	v.errored = v.errored || level >= zapcore.ErrorLevel
	over, errored := v.logged == visitLength, v.errored
	if over {
		delete(d.visits, n)
	}
	d.mu.Unlock()
	if over {
		v.recording.End(errored)
	}
}

// visits is the core that hands each record to the Recording of its visit: what a service does with a logger a request.
type visits struct{ *flightRecorder }

func (c visits) Enabled(level zapcore.Level) bool { return c.buffer.Enabled(level) }

// With is not needed here: no record of the run has a context.
func (c visits) With([]zapcore.Field) zapcore.Core { return c }

func (c visits) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(ent, c)
}

func (c visits) Write(ent zapcore.Entry, fields []zapcore.Field) error {
	if len(fields) == 0 || fields[0].Key != "seq" {
		return errors.New("flight recorder: record without a number")
	}
	n := uint64(fields[0].Integer) / visitLength
	v := c.enter(n)
	err := v.recording.Write(ent, fields)
	c.leave(n, v, ent.Level)
	return err
}

func (c visits) Sync() error { return c.buffer.Sync() }
