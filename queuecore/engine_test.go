package queuecore

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/coretest"
)

// TestHandlerAndListenerConform is both halves around an engine, as one core.
func TestHandlerAndListenerConform(t *testing.T) {
	coretest.Run(t, coretest.Harness{
		Async: true,
		Skip: map[string]string{
			"counts under failure":                "what a listener could not deliver stays in the engine",
			"a stalled destination":               "as above",
			"close while stalled":                 "as above",
			"fatal arrives in spite of a backoff": "the handler's end is the engine",
			"fatal arrives":                       "as above",
			"batch to a failing destination":      "as above",
		},
		New: func(t *testing.T, dst *coretest.Destination, opts coretest.Options) coretest.Core {
			engine := NewMemory(0)
			h, err := NewHandler(engine, Config{Level: opts.Level, OnError: opts.OnError})
			require.NoError(t, err)
			l, err := NewListener(engine, ListenerConfig{
				Targets:     Targets(base.FromWriter(jsonEncoder(), dst.WriteSyncer(), nil)),
				StopTimeout: 500 * time.Millisecond,
				OnError:     opts.OnError,
			})
			require.NoError(t, err)
			l.Start()
			return &halves{h, l}
		},
	})
}

type halves struct {
	*Core
	listener *Listener
}

func (h *halves) Close() error { return errors.Join(h.Core.Close(), h.listener.Stop()) }

func TestListenerDeliversWhatWasQueuedBeforeStop(t *testing.T) {
	engine := NewMemory(0)
	h, err := NewHandler(engine, Config{})
	require.NoError(t, err)
	logger := zap.New(h)
	for range 3000 {
		logger.Info("queued")
	}
	require.NoError(t, h.Close())

	info, seen := observer.New(zapcore.InfoLevel)
	errs, errsSeen := observer.New(zapcore.ErrorLevel)
	l, err := NewListener(engine, ListenerConfig{Targets: Targets(zapcore.NewTee(info, errs))})
	require.NoError(t, err)
	require.NoError(t, l.Stop(), "Stop before Start has nothing to do")
	l.Start()
	l.Start() // Python's second start makes a second thread
	require.NoError(t, l.Stop())
	require.NoError(t, l.Stop(), "and so has a second Stop")
	require.Equal(t, 3000, seen.Len())
	require.Zero(t, errsSeen.Len())
	require.Equal(t, Stats{Accepted: 3000, Delivered: 3000}, l.Targets()[0].Stats)
	require.Equal(t, Stats{Accepted: 3000, Skipped: 3000}, l.Targets()[1].Stats)
}

func TestListenerGivesBackWhatItsTargetDidNotTake(t *testing.T) {
	engine := NewMemory(0)
	h, err := NewHandler(engine, Config{})
	require.NoError(t, err)
	logger := zap.New(h)
	for range 10 {
		logger.Info("queued")
	}
	require.NoError(t, h.Sync())
	stuck := make(chan struct{})
	info, seen := observer.New(zapcore.InfoLevel)
	entered := make(chan struct{})
	var calls atomic.Int32
	blocking := zapcore.RegisterHooks(info, func(zapcore.Entry) error {
		if calls.Add(1) == 4 {
			close(entered)
			<-stuck
		}
		return nil
	})
	l, err := NewListener(engine, ListenerConfig{
		Targets:     []TargetConfig{{Core: blocking, Name: "blocking"}},
		StopTimeout: 20 * time.Millisecond,
	})
	require.NoError(t, err)
	l.Start()
	<-entered
	err = l.Stop()
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.ErrorContains(t, err, `1 of 1 targets not done within 20ms, "blocking" (7 left): `)
	require.Equal(t, Stats{Accepted: 3, Delivered: 3}, l.Targets()[0].Stats, "the fourth, and what is behind it, is the engine's again")
	close(stuck)

	l.Start()
	require.NoError(t, l.Stop())
	require.Equal(t, uint64(10), l.Targets()[0].Delivered)
	require.GreaterOrEqual(t, seen.Len(), 10)
	require.NoError(t, h.Close())
}

func TestListenerRetries(t *testing.T) {
	engine := NewMemory(0)
	h, err := NewHandler(engine, Config{})
	require.NoError(t, err)
	target := &fakeBatchWriter{}
	target.fail(3, &base.RetryError{Err: errors.New("down")})
	l, err := NewListener(engine, ListenerConfig{
		Targets: []TargetConfig{{Core: target, RetryStart: time.Millisecond}},
		OnError: func(error) {},
	})
	require.NoError(t, err)
	l.Start()
	for range 100 {
		zap.New(h).Info("queued")
	}
	require.NoError(t, h.Close())
	require.NoError(t, l.Stop())
	require.Equal(t, 100, target.len())
}

func TestListenerTellsWhatWasDropped(t *testing.T) {
	engine := NewMemory(0)
	h, err := NewHandler(engine, Config{})
	require.NoError(t, err)
	write(t, h, zapcore.InfoLevel, numbered(10)...)
	write(t, h, zapcore.ErrorLevel, "serious")
	require.NoError(t, h.Close())

	dead := &fakeBatchWriter{}
	picky := &fakeBatchWriter{each: func(r *base.Record) error {
		if r.Entry().Message == "record 0003" || r.Level() == zapcore.ErrorLevel {
			return &base.RejectedError{Err: errors.New("malformed"), Indexes: []int{0}}
		}
		return nil
	}}
	down := &fakeBatchWriter{}
	down.fail(1<<30, &base.RetryError{Err: errors.New("down")})
	var mu sync.Mutex
	var told drops
	var said []string
	l, err := NewListener(engine, ListenerConfig{
		Targets: []TargetConfig{{Core: picky, DeadLetter: dead}, {Core: down, RetryStart: time.Millisecond, RetryAttempts: 2}},
		PrepareDelivery: func(ent *zapcore.Entry, fields []zapcore.Field) ([]zapcore.Field, bool) {
			if ent.Message == "record 0007" {
				panic("of the hook")
			}
			return fields, ent.Message != "record 0008"
		},
		OnDrop: func(d Drop) {
			mu.Lock()
			defer mu.Unlock()
			told.add(d)
			if d.Cause == Panicked {
				panic("of OnDrop")
			}
		},
		OnError: func(err error) { mu.Lock(); said = append(said, err.Error()); mu.Unlock() },
	})
	require.NoError(t, err)
	l.Start()
	require.NoError(t, l.Stop())

	targets := l.Targets()
	require.Equal(t, Stats{Accepted: 11, Delivered: 7, Dropped: 3, Skipped: 1}, targets[0].Stats)
	require.ElementsMatch(t, []Drop{
		{Level: zapcore.InfoLevel, Cause: Panicked, Records: 1}, {Level: zapcore.InfoLevel, Cause: Rejected, Records: 1},
		{Level: zapcore.ErrorLevel, Cause: Rejected, Records: 1},
	}, targets[0].Drops)
	require.Equal(t, uint64(2), targets[0].DeadLetter)
	require.Equal(t, []string{"record 0003", "serious"}, dead.all())
	require.Equal(t, Stats{Accepted: 11, Dropped: 10, Skipped: 1}, targets[1].Stats)
	require.Equal(t, map[Cause]uint64{Panicked: 1, GaveUp: 9}, dropsOf(targets[1]))
	require.ElementsMatch(t, append(targets[0].Drops, targets[1].Drops...), []Drop(told), "OnDrop is told of each")
	require.Contains(t, strings.Join(said, "\n"), "of OnDrop", "which may panic")
	require.Contains(t, l.String(), `{"level":"error","cause":"rejected","records":1}`)
}

func TestEngineErrors(t *testing.T) {
	_, err := NewHandler(nil, Config{})
	require.Error(t, err)
	_, err = NewHandler(NewMemory(0), Config{Targets: Targets(zapcore.NewNopCore())})
	require.ErrorContains(t, err, "Config.Targets")
	_, err = NewListener(nil, ListenerConfig{Targets: Targets(zapcore.NewNopCore())})
	require.Error(t, err)
	_, err = NewListener(NewMemory(0), ListenerConfig{})
	require.ErrorContains(t, err, "ListenerConfig.Targets")
	_, err = NewListener(NewMemory(0), ListenerConfig{Targets: []TargetConfig{{Core: zapcore.NewNopCore(), Name: "1"}, {Core: zapcore.NewNopCore()}}})
	require.ErrorContains(t, err, "two of the Name")
	_, err = NewListener(NewMemory(0), ListenerConfig{Targets: []TargetConfig{{Core: zapcore.NewNopCore(), Name: strings.Repeat("n", 121)}}})
	require.ErrorContains(t, err, "ListenerConfig.Targets[0].Name is of 121 bytes, more than the 120")
	_, err = NewListener(NewMemory(0), ListenerConfig{Targets: []TargetConfig{{}}})
	require.EqualError(t, err, "queuecore: ListenerConfig.Targets[0].Core is required")
}

func TestMemoryEngineThatIsFullHoldsTheHandlerBack(t *testing.T) {
	engine := NewMemory(2000)
	h, err := NewHandler(engine, Config{
		Targets: []TargetConfig{{RetryStart: time.Millisecond, BatchRecords: 5}},
		OnError: func(error) {},
	})
	require.NoError(t, err)
	for range 200 {
		require.NoError(t, h.Write(zapcore.Entry{Message: "queued"}, nil))
	}
	info, seen := observer.New(zapcore.DebugLevel)
	l, err := NewListener(engine, ListenerConfig{Targets: Targets(info)})
	require.NoError(t, err)
	l.Start()
	require.NoError(t, h.Close())
	require.NoError(t, l.Stop())
	require.Equal(t, 200, seen.Len())
	require.NoError(t, engine.Close(context.Background()))
}
