package queuecore

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// Cause says why a record was dropped.
type Cause uint8

// The causes.
const (
	Full     Cause = iota + 1 // it found no room, and the policy was to drop it
	Evicted                   // it made room for a newer one
	Lagging                   // it made room because the target lagged and has SkipWhenFull
	Rejected                  // the target refused it for good
	GaveUp                    // the target could not take it, and the retries were at an end
	Failed                    // the target returned an error after which the record must not come again
	Panicked                  // the target, or PrepareDelivery, panicked, or ended its goroutine
	Closed                    // it was left at the end of Close
)

var causeNames = [...]string{"", "full", "evicted", "lagging", "rejected", "gave up", "failed", "panicked", "closed"}

// String returns the cause in words.
func (c Cause) String() string {
	if c == 0 || int(c) >= len(causeNames) {
		return fmt.Sprintf("Cause(%d)", uint8(c))
	}
	return causeNames[c]
}

// causeOf returns why a record with that outcome was dropped.
func causeOf(o base.Outcome) Cause {
	switch o {
	case base.Rejected:
		return Rejected
	case base.GaveUp:
		return GaveUp
	case base.Failed:
		return Failed
	default:
		return Panicked
	}
}

// MarshalText implements encoding.TextMarshaler.
func (c Cause) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Drop is a number of records of one level that one target did not get, for one cause.
type Drop struct {
	Target  int           `json:"-"`       // index in Config.Targets, once a Tee among them is taken apart
	Level   zapcore.Level `json:"level"`   // of the records
	Cause   Cause         `json:"cause"`   // why
	Records uint64        `json:"records"` // how many
}

// drops counts them, one entry a level and cause.
type drops []Drop

func (d *drops) add(more Drop) {
	for i := range *d {
		if e := &(*d)[i]; e.Target == more.Target && e.Level == more.Level && e.Cause == more.Cause {
			e.Records += more.Records
			return
		}
	}
	*d = append(*d, more)
}

// loss is a record that a source holds, and that counts as dropped once it is resolved.
type loss struct {
	held  int // number among those that the source holds
	cause Cause
	level zapcore.Level
}

type losses []loss

// resolve counts those among the first n records that the source holds.
func (ls *losses) resolve(n int, count func(loss)) {
	rest := (*ls)[:0]
	for _, lost := range *ls {
		if lost.held < n {
			count(lost)
			continue
		}
		lost.held -= n
		rest = append(rest, lost)
	}
	*ls = rest
}

// dropReports calls OnDrop for what was dropped: one call at a time, without the lock.
type dropReports struct {
	onDrop func(Drop) // nil if there is none
	report *base.Reporter

	mu        *sync.Mutex // the queue's; guards the fields below
	pending   drops
	reporting bool // a call is under way
}

func (t *dropReports) addLocked(d Drop) {
	if t.onDrop != nil {
		t.pending.add(d)
	}
}

// pendingLocked tells whether there is anything to tell.
func (t *dropReports) pendingLocked() bool { return len(t.pending) > 0 && !t.reporting }

// callOnDrop calls OnDrop for what was dropped since the last time. It does not do so without end: an OnDrop that logs to a full queue
// makes drops of its own, which wait for the next occasion.
func (t *dropReports) callOnDrop() {
	if t.onDrop == nil {
		return
	}
	for range maxOnDrop {
		t.mu.Lock()
		if !t.pendingLocked() {
			t.mu.Unlock()
			return
		}
		n := len(t.pending)
		d := t.pending[n-1]
		t.pending = t.pending[:n-1]
		t.reporting = true
		t.mu.Unlock()
		if err := t.call(d); err != nil {
			t.report.Failed(fmt.Errorf("queuecore: OnDrop: %w", err), 0)
		}
	}
}

// call calls OnDrop, which may end the goroutine.
func (t *dropReports) call(d Drop) error {
	defer func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.reporting = false
	}()
	return base.Guard(func() error { t.onDrop(d); return nil })
}

// maxOnDrop is how many calls of OnDrop one occasion makes at most.
const maxOnDrop = 64

// reportWithin is callOnDrop for Close, which does not wait longer than that for an OnDrop.
func (t *dropReports) reportWithin(timeout time.Duration) {
	t.mu.Lock()
	pending := t.pendingLocked()
	t.mu.Unlock()
	if !pending {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		t.callOnDrop()
	}()
	expired, stop := after(timeout)
	defer stop()
	select {
	case <-done:
	case <-expired:
	}
}

// dropNotice is what one target is to be told of the records that it did not get.
type dropNotice struct {
	gap drops // since the last notice; guarded by queue.mu

	silent bool   // the target takes nothing; owned by the goroutine
	sent   uint64 // notices that were delivered; guarded by queue.mu
}

// took notes that the target has taken records, or else that it has refused all it was given: a notice would be one more. It is
// called by the goroutine.
func (n *dropNotice) took(any bool) { n.silent = !any }

// takeLocked returns what is to be told now.
func (n *dropNotice) takeLocked() drops {
	if len(n.gap) == 0 || n.silent {
		return nil
	}
	gap := slices.Clone(n.gap)
	n.gap = n.gap[:0]
	return gap
}

// keepLocked notes that the notice of a gap could not be delivered, and may be after the next record that is.
func (n *dropNotice) keepLocked(gap drops) {
	for _, d := range gap {
		n.gap.add(d)
	}
}

// notice makes the record that tells of a gap: "records dropped", how many, and for which causes. Its level is Warn, or
// Error if any of them was Error or above.
func notice(gap drops) *base.Record {
	ent := zapcore.Entry{Level: zapcore.WarnLevel, Time: time.Now(), LoggerName: "queuecore", Message: "records dropped"}
	var total uint64
	var causes [len(causeNames)]uint64
	for _, d := range gap {
		total += d.Records
		causes[d.Cause] += d.Records
		if d.Level >= zapcore.ErrorLevel {
			ent.Level = zapcore.ErrorLevel
		}
	}
	fields := []zapcore.Field{zap.Uint64("dropped", total)}
	for cause, n := range causes {
		if n > 0 {
			fields = append(fields, zap.Uint64(Cause(cause).String(), n))
		}
	}
	r := new(base.Record)
	_ = r.Capture(ent, base.Context{}, fields)
	return r
}
