package queuecore

import (
	"fmt"
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
	Panicked                  // the target, or PrepareDelivery, panicked
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

// dropLocked counts a record that listener l lost, for Targets, for OnDrop and for the notice.
func (q *queue) dropLocked(l *listener, cause Cause, level zapcore.Level) {
	d := Drop{Target: l.index, Level: level, Cause: cause, Records: 1}
	l.drops.add(d)
	l.gap.add(d)
	if q.cfg.OnDrop != nil {
		q.untold.add(d)
	}
}

// tell calls OnDrop for what was dropped since the last time. It must be called without the lock. One goroutine tells at
// a time, and not without end: an OnDrop that logs to a full queue makes news of its own, which waits for the next
// occasion.
func (q *queue) tell() {
	if q.cfg.OnDrop == nil {
		return
	}
	for range maxTold {
		q.mu.Lock()
		n := len(q.untold)
		if n == 0 || q.telling {
			q.mu.Unlock()
			return
		}
		d := q.untold[n-1]
		q.untold = q.untold[:n-1]
		q.telling = true
		q.mu.Unlock()
		err := base.Guard(func() error { q.cfg.OnDrop(d); return nil })
		q.mu.Lock()
		q.telling = false
		q.mu.Unlock()
		if err != nil {
			q.report.Failed(fmt.Errorf("queuecore: OnDrop: %w", err), 0)
		}
	}
}

// maxTold is how many calls of OnDrop one occasion makes at most.
const maxTold = 64

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
