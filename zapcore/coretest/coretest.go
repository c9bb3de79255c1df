package coretest

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// Core is what the suite tests: a zapcore.Core that can be closed. It counts, too: see Harness.Stats.
type Core interface {
	zapcore.Core
	Close() error
}

// Options is what a case asks of the core that New makes.
type Options struct {
	Level   zapcore.LevelEnabler // nil: the core's default, or another that takes Info and above
	OnError func(error)          // never nil

	// RetryStart is how long the core shall leave a destination alone after the first failure, in the cases that wait for that to be over.
	// A core that has no such setting takes longer. 0: the core's default.
	RetryStart time.Duration
}

// Harness tells the suite how to make and read the core under test. Only New is required.
type Harness struct {
	// New returns a fresh core over dst. It may use t.Cleanup; the suite closes the core.
	New func(t *testing.T, dst *Destination, opts Options) Core
	// Deadline is how long one attempt at a stalled destination lasts; New must configure the core so (dst.Deadline says
	// it too). Defaults to 250 ms, which on a busy machine is enough to tell one deadline from two, and on Windows, which may be
	// an emulated one, to 500 ms.
	Deadline time.Duration
	// Bound is the longest a Write may take, whatever the destination does. Defaults to two deadlines.
	Bound time.Duration
	// Stats returns the core's counts. Defaults to its Stats method, where that returns a base.Stats.
	Stats func(Core) base.Stats
	// Received returns what arrived, decoded so that messages and field values can be searched for. Defaults to the
	// destination's bytes.
	Received func(dst *Destination) []byte
	// Async says that Write returns before the destination is asked: then a failing destination gives no error.
	Async bool
	// Allocs is how many allocations a Write of plain fields may make. 0 is this project's law.
	Allocs float64
	// Skip names cases that do not apply, as "allocations", each with the reason, which is logged. The names are those of
	// the subtests.
	Skip map[string]string
}

func defaultDeadline() time.Duration {
	if runtime.GOOS == "windows" {
		return 500 * time.Millisecond
	}
	return 250 * time.Millisecond
}

// Run runs every case as a subtest.
func Run(t *testing.T, h Harness) {
	t.Helper()
	require.NotNil(t, h.New, "coretest: Harness.New is required")
	if h.Deadline == 0 {
		h.Deadline = defaultDeadline()
	}
	if h.Bound == 0 {
		h.Bound = 2 * h.Deadline
	}
	if h.Received == nil {
		h.Received = (*Destination).Bytes
	}
	if h.Stats == nil {
		h.Stats = func(c Core) base.Stats {
			counter, ok := c.(interface{ Stats() base.Stats })
			require.True(t, ok, "coretest: %T has no Stats method that returns a base.Stats: set Harness.Stats", c)
			return counter.Stats()
		}
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if why, skip := h.Skip[c.name]; skip {
				t.Skip(why)
			}
			c.run(t, &h)
		})
	}
}

// cases are the suite, in the order in which a person would want them to fail.
var cases = []struct {
	name string
	run  func(*testing.T, *Harness)
}{
	{"levels", testLevels},
	{"write delivers", testWrite},
	{"with", testWith},
	{"fields are taken at the call", testFieldsTaken},
	{"wrappers of zap", testWrappers},
	{"user code that panics", testPanic},
	{"user code that logs", testReentrant},
	{"concurrent use", testConcurrent},
	{"batches", testBatch},
	{"batch to a failing destination", testBatchFailing},
	{"counts under failure", testCounts},
	{"a stalled destination", testStalled},
	{"OnError that logs", testOnErrorLogs},
	{"fatal arrives", testFatal},
	{"fatal arrives in spite of a backoff", testFatalBackoff},
	{"close", testClose},
	{"close while stalled", testCloseStalled},
	{"allocations", testAllocs},
}

// fixture is one core over one destination.
type fixture struct {
	*testing.T
	h    *Harness
	dst  *Destination
	core Core
}

func start(t *testing.T, h *Harness, opts Options) *fixture {
	t.Helper()
	if opts.OnError == nil {
		opts.OnError = func(error) {}
	}
	before := runtime.NumGoroutine()
	f := &fixture{T: t, h: h, dst: newDestination(h.Deadline)}
	t.Cleanup(func() {
		f.dst.Heal()
		_ = f.core.Close()
		f.dst.close()
		f.eventually("no goroutine is left after Close", func() bool { return runtime.NumGoroutine() <= before })
	})
	f.core = h.New(t, f.dst, opts)
	require.NotNil(t, f.core, "coretest: Harness.New returned nil")
	return f
}

// briefly is the RetryStart of cases that wait for it to be over.
const briefly = 10 * time.Millisecond

// patience is how long the suite waits for what a healthy core does at once.
var patience = 10 * time.Second

// eventually polls on the test's own goroutine: one case counts goroutines.
func (f *fixture) eventually(promise string, is func() bool) {
	f.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !is(); <-tick.C {
		if time.Now().After(deadline) {
			require.Fail(f, "never happened: "+promise)
		}
	}
}

// count returns how often text has arrived.
func (f *fixture) count(text string) int { return bytes.Count(f.h.Received(f.dst), []byte(text)) }

// arrives waits until text has arrived n times in all, and requires that it is not more.
func (f *fixture) arrives(text string, n int, promise string) {
	f.Helper()
	require.NoError(f, f.core.Sync(), "Sync of a healthy destination")
	f.eventually(promise, func() bool { return f.count(text) >= n })
	require.Equal(f, n, f.count(text), promise)
}

// balanced requires law 1 at a quiet moment.
func (f *fixture) balanced() base.Stats {
	f.Helper()
	var s base.Stats
	f.eventually("Accepted = Delivered + Dropped + Skipped + Pending", func() bool {
		s = f.h.Stats(f.core)
		return s.Missing() == 0
	})
	return s
}

func entry(l zapcore.Level, message string) zapcore.Entry {
	return zapcore.Entry{Level: l, Time: time.Date(2026, 11, 22, 10, 11, 12, 0, time.UTC), Message: message}
}

// token is a text that occurs once in the record it is the message of.
func token(i int) string { return fmt.Sprintf("record-%06d-end", i) }

func (f *fixture) logger(opts ...zap.Option) *zap.Logger { return zap.New(f.core, opts...) }
