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

// Core is what the suite tests: a zapcore.Core that can be closed. It must also have counts, see Harness.Stats.
type Core interface {
	zapcore.Core
	Close() error
}

// Options are the settings that a case needs of the core that New makes.
type Options struct {
	Level   zapcore.LevelEnabler // nil: the core's default, or any that takes Info and above
	OnError func(error)          // never nil

	// RetryStart is the backoff after the first failure, in cases that wait for its end. A core without such a setting may ignore it: the
	// case only takes longer. 0: the core's default.
	RetryStart time.Duration
}

// Harness tells the suite how to make and read the core under test. Only New is required.
type Harness struct {
	// New returns a fresh core over dst. It may use t.Cleanup; the suite closes the core.
	New func(t *testing.T, dst *Destination, opts Options) Core
	// Deadline is how long one attempt at a stalled destination lasts. New must configure the core with it (it is also
	// dst.Deadline). Defaults to 250 ms, enough on a busy machine to tell one deadline from two, and to 500 ms on Windows, which may be
	// emulated.
	Deadline time.Duration
	// Bound is the longest time that a Write may take, whatever the destination does. Defaults to twice Deadline.
	Bound time.Duration
	// Stats returns the core's counts. Defaults to its Stats method, where that returns a base.Stats.
	Stats func(Core) base.Stats
	// Received returns what arrived, decoded so that it contains messages and field values as plain text. Defaults to the
	// destination's bytes.
	Received func(dst *Destination) []byte
	// Async says that Write returns before the destination gets the record, so that it returns no error of the destination.
	Async bool
	// Allocs is how many allocations a Write of plain fields may make. Defaults to 0, as this project demands.
	Allocs float64
	// Skip holds, by the name of the subtest ("allocations"), the reason why a case does not apply. The reason is logged.
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

// cases are the cases of the suite, the basic ones first.
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

// shortRetryStart is the RetryStart of cases that wait for the end of a backoff.
const shortRetryStart = 10 * time.Millisecond

// waitLimit is how long the suite waits for what a healthy core does at once.
var waitLimit = 10 * time.Second

// eventually polls on the test's own goroutine: one case counts goroutines.
func (f *fixture) eventually(promise string, is func() bool) {
	f.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(waitLimit); !is(); <-tick.C {
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

// balanced requires that the counts add up, which they do while no call is running, and returns them.
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

// token is the message of record i: no other text of the record contains it.
func token(i int) string { return fmt.Sprintf("record-%06d-end", i) }

func (f *fixture) logger(opts ...zap.Option) *zap.Logger { return zap.New(f.core, opts...) }
