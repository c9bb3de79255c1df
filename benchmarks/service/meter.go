package main

import (
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// meter logs every record: it numbers the record, adds the checksum, and measures the call. It also measures the same call with a core
// that does nothing, which is what zap itself costs. The two take turns at going first.
type meter struct {
	logger, nop *zap.Logger

	next              atomic.Uint64
	calls, callsOnNop latencies

	mu      sync.Mutex // guards the field below
	errored set        // records at Error and above
}

func newMeter(core zapcore.Core, errors zapcore.WriteSyncer) *meter {
	return &meter{
		logger: zap.New(core, zap.ErrorOutput(errors)),
		nop:    zap.New(nopCore{}),
	}
}

// logged returns how many records there were so far.
func (m *meter) logged() uint64 { return m.next.Load() }

func (m *meter) log(r *record) {
	r.Seq = m.next.Add(1) - 1
	r.Sum = r.checksum()
	if r.Level >= zapcore.ErrorLevel {
		m.mu.Lock()
		m.errored.add(r.Seq)
		m.mu.Unlock()
	}
	if r.Seq%2 == 0 {
		m.callsOnNop.time(r, m.nop)
	}
	m.calls.time(r, m.logger)
	if r.Seq%2 != 0 {
		m.callsOnNop.time(r, m.nop)
	}
}

// nopCore takes every record and does nothing with it. (zap's own NewNopCore takes none, so that a call ends early.)
type nopCore struct{}

func (nopCore) Enabled(zapcore.Level) bool                 { return true }
func (c nopCore) With([]zapcore.Field) zapcore.Core        { return c }
func (nopCore) Write(zapcore.Entry, []zapcore.Field) error { return nil }
func (nopCore) Sync() error                                { return nil }
func (c nopCore) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(ent, c)
}

// A duration is counted in one of 32 steps to the next power of two, so that a quantile is at most 3 % too high.
const (
	stepBits = 5
	steps    = 1 << stepBits
)

// latencies is a histogram of durations. It is safe for concurrent use.
type latencies struct {
	counts [steps * 60]atomic.Uint64
	max    atomic.Int64
}

// time logs r on logger and counts how long it took.
func (l *latencies) time(r *record, logger *zap.Logger) {
	begin := time.Now()
	r.log(logger)
	l.add(time.Since(begin))
}

func (l *latencies) add(d time.Duration) {
	d = max(d, 0)
	l.counts[bucket(uint64(d))].Add(1)
	for old := l.max.Load(); int64(d) > old && !l.max.CompareAndSwap(old, int64(d)); old = l.max.Load() {
	}
}

// bucket returns n itself below steps; above, its power of two and the first stepBits bits after the highest.
func bucket(n uint64) int {
	shift := bits.Len64(n) - 1 - stepBits
	if shift < 0 {
		return int(n)
	}
	return (shift+1)<<stepBits + int(n>>shift)&(steps-1)
}

// highest returns the largest number that bucket b counts.
func highest(b int) uint64 {
	if b < steps {
		return uint64(b)
	}
	shift := b>>stepBits - 1
	return (uint64(steps+b&(steps-1))+1)<<shift - 1
}

// quantile returns the duration that the share q of all calls did not exceed.
func (l *latencies) quantile(q float64) time.Duration {
	var total, sum uint64
	for i := range l.counts {
		total += l.counts[i].Load()
	}
	for i := range l.counts {
		sum += l.counts[i].Load()
		if sum > 0 && float64(sum) >= q*float64(total) {
			return min(time.Duration(highest(i)), time.Duration(l.max.Load()))
		}
	}
	return 0
}
