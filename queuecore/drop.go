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
	GaveUp                    // the target did not take it within RetryAttempts or RetryFor
	Failed                    // the target returned an error after which the record must not be tried again: see base.Offer
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
	Target  int           `json:"-"`       // index in Config.Targets, with each Tee replaced by its members
	Level   zapcore.Level `json:"level"`   // of the records
	Cause   Cause         `json:"cause"`   // why
	Records uint64        `json:"records"` // how many
}

// drops counts drops, with one entry for each target, level and cause.
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

// loss is a record held by a source that will count as dropped when it is resolved.
type loss struct {
	held  int // index among the records that the source holds
	cause Cause
	level zapcore.Level
}

type losses []loss

// resolve calls count for the losses among the first n held records, which are resolved.
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

// dropReports collects drops under the queue's lock, and passes them to OnDrop without it, one call at a time.
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

// pendingLocked reports whether callOnDrop has anything to do.
func (t *dropReports) pendingLocked() bool { return len(t.pending) > 0 && !t.reporting }

// callOnDrop calls OnDrop for the pending drops, at most maxOnDrop times: an OnDrop that logs to a full queue causes more drops, which
// wait for the next call.
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

// maxOnDrop is how often one callOnDrop calls OnDrop at most.
const maxOnDrop = 64

// reportWithin is callOnDrop for Close, which waits no longer than timeout for OnDrop.
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

// dropNotice keeps, for one target, the drops of which its next notice tells it.
type dropNotice struct {
	pending drops // since the last notice; guarded by queue.mu

	refusing bool   // the target takes nothing at present; owned by the target's goroutine
	sent     uint64 // notices that were delivered; guarded by queue.mu
}

// noteTaken notes whether the target took any of the last records. A target that refuses everything would refuse the notice too. It is
// called by the target's goroutine.
func (n *dropNotice) noteTaken(any bool) { n.refusing = !any }

// takeLocked removes and returns the drops for a notice that is due now; nil if none is.
func (n *dropNotice) takeLocked() drops {
	if len(n.pending) == 0 || n.refusing {
		return nil
	}
	gap := slices.Clone(n.pending)
	n.pending = n.pending[:0]
	return gap
}

// putBackLocked keeps the drops of a notice that could not be delivered for the next one.
func (n *dropNotice) putBackLocked(gap drops) {
	for _, d := range gap {
		n.pending.add(d)
	}
}

// notice makes the record "records dropped", which says how many were, for each cause. Its level is Warn, or
// Error if a record of Error or above is among them.
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
