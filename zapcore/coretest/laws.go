package coretest

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// The laws of this project.

// records returns a batch of n records with the tokens from first on.
func records(t *testing.T, first, n int) *base.Batch {
	t.Helper()
	var b base.Batch
	for i := range n {
		var r base.Record
		require.NoError(t, r.Capture(entry(zapcore.ErrorLevel, token(first+i)), base.Context{}, []zapcore.Field{zap.Int("i", i)}))
		b.Add(append([]byte(nil), r.Bytes()...))
	}
	return &b
}

func (f *fixture) batchWriter() base.BatchWriter {
	w, ok := f.core.(base.BatchWriter)
	if !ok {
		f.Skip("not a BatchWriter")
	}
	return w
}

func testBatch(t *testing.T, h *Harness) {
	f := start(t, h, Options{Level: zapcore.FatalLevel})
	w := f.batchWriter()
	n, err := w.WriteBatch(&base.Batch{})
	require.NoError(t, err, "an empty batch is no error")
	require.Zero(t, n)
	n, err = w.WriteBatch(records(t, 0, 100))
	require.NoError(t, err)
	require.Equal(t, 100, n, "a healthy destination takes all, whatever the level: the holder has asked")
	f.arrives("-end", 100, "each arrives")
	for i := range 100 {
		require.Equal(t, 1, f.count(token(i)), "once: record %d", i)
	}
	require.Equal(t, uint64(100), f.balanced().Accepted)
}

func testBatchFailing(t *testing.T, h *Harness) {
	f := start(t, h, Options{RetryStart: shortRetryStart})
	w := f.batchWriter()
	f.dst.Fail(nil)
	batch := records(t, 0, 10)
	n, err := w.WriteBatch(batch)
	if h.Async {
		require.Equal(t, 10, n)
		return
	}
	require.Error(t, err, "n < Len comes with an error")
	require.Zero(t, n, "a destination that fails takes nothing")
	var retry *base.RetryError
	require.ErrorAs(t, err, &retry, "a destination's failure is no verdict on the records: they may be tried again")

	f.dst.Heal()
	f.eventually("what was not taken is taken by a later call, once", func() bool {
		var rest base.Batch
		rest.Slice(batch, n, batch.Len())
		more, err := w.WriteBatch(&rest)
		n += more
		return err == nil
	})
	f.arrives("-end", 10, "all have arrived")
	s := f.balanced()
	require.Equal(t, uint64(10), s.Accepted, "accepted is what was taken")
}

func testCounts(t *testing.T, h *Harness) {
	f := start(t, h, Options{RetryStart: shortRetryStart})
	accepted := uint64(0)
	write := func(i int) {
		if f.core.Write(entry(zapcore.ErrorLevel, token(i)), nil) == nil {
			accepted++
		}
	}
	for i := range 10 {
		write(i)
	}
	f.dst.Fail(nil)
	for i := range 10 {
		write(100 + i)
	}
	f.dst.Heal()
	f.eventually("a destination that works again is used again", func() bool {
		i := 200 + int(accepted)
		write(i)
		_ = f.core.Sync()
		return f.count(token(i)) == 1
	})
	require.NoError(t, f.core.Sync())
	s := f.balanced()
	require.Equal(t, accepted, s.Accepted, "Accepted counts the writes that returned nil")
	if !h.Async {
		require.GreaterOrEqual(t, s.Refused, uint64(1), "a write that failed is Refused, and said so")
		require.Equal(t, s.Delivered, uint64(f.count("-end")), "Delivered is what arrived")
	}
}

func testStalled(t *testing.T, h *Harness) {
	const callers = 64
	f := start(t, h, Options{})
	require.NoError(t, f.core.Write(entry(zapcore.ErrorLevel, token(1000)), nil))
	f.arrives(token(1000), 1, "the destination works")
	f.dst.Stall()
	var longest atomic.Int64
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			begin := time.Now()
			_ = f.core.Write(entry(zapcore.WarnLevel, token(i)), nil)
			for took := time.Since(begin); ; {
				old := longest.Load()
				if int64(took) <= old || longest.CompareAndSwap(old, int64(took)) {
					return
				}
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, time.Duration(longest.Load()), h.Bound,
		"none of %d callers on a stalled destination waits longer than the bound: waiting for the lock counts", callers)
	f.dst.Heal()
	_ = f.core.Sync()
	f.balanced()
}

func testOnErrorLogs(t *testing.T, h *Harness) {
	var logger atomic.Pointer[zap.Logger]
	f := start(t, h, Options{OnError: func(err error) {
		if l := logger.Load(); l != nil {
			l.Error("OnError", zap.Error(err))
		}
	}})
	logger.Store(f.logger(zap.ErrorOutput(zapcore.AddSync(discard{}))))
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.dst.Fail(nil)
		for i := range 5 {
			logger.Load().Error(token(i))
		}
		f.dst.Heal()
		_ = f.core.Sync()
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		require.Fail(t, "an OnError that logs to the same logger deadlocks")
	}
	f.balanced()
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func testFatal(t *testing.T, h *Harness) {
	f := start(t, h, Options{})
	require.NoError(t, f.core.Write(entry(zapcore.InfoLevel, token(1)), nil))
	require.NoError(t, f.core.Write(entry(zapcore.FatalLevel, token(2)), nil))
	f.eventually("a Fatal record is delivered when Write returns, for the process is about to end", func() bool {
		return f.count(token(2)) == 1
	})
	require.Equal(t, 1, f.count(token(1)), "and so is what was accepted before it")
	if s := f.h.Stats(f.core); !h.Async {
		require.Equal(t, uint64(2), s.Delivered)
	}
}

func testFatalBackoff(t *testing.T, h *Harness) {
	f := start(t, h, Options{})
	f.dst.Fail(os.ErrDeadlineExceeded)
	_ = f.core.Write(entry(zapcore.InfoLevel, token(1)), nil)
	f.dst.Heal()
	require.NoError(t, f.core.Write(entry(zapcore.FatalLevel, token(2)), nil), "Fatal is tried in spite of a backoff")
	f.eventually("and arrives", func() bool { return f.count(token(2)) == 1 })
}

func testClose(t *testing.T, h *Harness) {
	f := start(t, h, Options{})
	child := f.core.With([]zapcore.Field{zap.Int("a", 1)})
	for i := range 20 {
		require.NoError(t, child.Write(entry(zapcore.ErrorLevel, token(i)), nil))
	}
	require.NoError(t, f.core.Close())
	f.eventually("Close delivers what was accepted", func() bool { return f.count("-end") == 20 })
	require.NoError(t, f.core.Close(), "Close is idempotent")
	require.NoError(t, f.core.Sync(), "Sync after Close has nothing to do")
	for _, core := range []zapcore.Core{f.core, child} {
		err := core.Write(entry(zapcore.ErrorLevel, token(99)), nil)
		require.ErrorIs(t, err, base.ErrClosed, "a write after Close says so, on With children too")
		require.ErrorIs(t, err, os.ErrClosed)
	}
	s := f.balanced()
	require.Equal(t, uint64(20), s.Delivered)
	require.Zero(t, s.Pending)
}

func testCloseStalled(t *testing.T, h *Harness) {
	f := start(t, h, Options{})
	require.NoError(t, f.core.Write(entry(zapcore.ErrorLevel, token(1)), nil))
	f.arrives(token(1), 1, "the destination works")
	f.dst.Stall()
	written := make(chan error, 1)
	go func() { written <- f.core.Write(entry(zapcore.WarnLevel, token(2)), nil) }()
	closed := make(chan error, 1)
	go func() { closed <- f.core.Close() }()
	var err error
	select {
	case err = <-closed:
	case <-time.After(10*time.Second + h.Bound):
		require.Fail(t, "Close of a stalled destination does not return")
	}
	select {
	case <-written:
	case <-time.After(10*time.Second + h.Bound):
		require.Fail(t, "a Write does not return although the core is closed")
	}
	var lost *base.LostError
	if s := f.balanced(); s.Dropped > 0 {
		require.True(t, errors.As(err, &lost), "Close says what it had to give up: dropped %d, said %v", s.Dropped, err)
		require.Equal(t, s.Dropped, lost.Records)
	}
}

func testAllocs(t *testing.T, h *Harness) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	f := start(t, h, Options{})
	core := f.core.With([]zapcore.Field{zap.String("service", "orders")})
	ent := entry(zapcore.InfoLevel, "request served")
	fields := []zapcore.Field{
		zap.String("method", "GET"), zap.String("path", "/api/v1/orders/12345"), zap.Int("status", 200),
		zap.Int64("bytes", 51234), zap.Duration("elapsed", 1234567), zap.String("remote", "192.0.2.17:51234"),
		zap.String("request_id", "6f1c2a4e-9b1d"), zap.String("agent", "curl/8.5.0"), zap.Bool("cached", true),
		zap.Float64("load", 0.75),
	}
	f.dst.reserve(16 << 20)
	allocs := testing.AllocsPerRun(2000, func() {
		if err := core.Write(ent, fields); err != nil {
			t.Error(err)
		}
	})
	assert.LessOrEqual(t, allocs, h.Allocs, "a Write of plain fields allocates nothing")
}
