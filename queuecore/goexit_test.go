package queuecore

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// exits is a target of which one method ends the goroutine it is called by (runtime.Goexit, as t.FailNow does), a few times.
type exits struct {
	fakeBatchWriter
	method string
	left   *atomic.Int32
}

func (e *exits) tick(method string) {
	if strings.TrimPrefix(e.method, "foreign ") == method && e.left.Add(-1) >= 0 {
		runtime.Goexit()
	}
}

func (e *exits) Enabled(zapcore.Level) bool { e.tick("Enabled"); return true }
func (e *exits) Sync() error                { e.tick("Sync"); return nil }
func (e *exits) Flush() error               { e.tick("Flush"); return nil }
func (e *exits) WriteBatch(b *base.Batch) (int, error) {
	e.tick("WriteBatch")
	return e.fakeBatchWriter.WriteBatch(b)
}

// foreignExits is exits as a Core that is no BatchWriter.
type foreignExits struct{ *exits }

func (e foreignExits) WriteBatch() {}
func (e foreignExits) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(ent, e)
}

func (e foreignExits) Write(ent zapcore.Entry, _ []zapcore.Field) error {
	e.tick("Write")
	e.mu.Lock()
	defer e.mu.Unlock()
	e.messages = append(e.messages, strings.Clone(ent.Message))
	return nil
}

var exitMethods = []string{
	"Enabled", "Sync", "Flush", "WriteBatch", "foreign Write", "foreign Enabled", "PrepareDelivery", "OnError", "OnDrop", "DeadLetter",
}

// exiting makes a target and hooks of which that method ends its goroutine.
func exiting(method string) (e *exits, target TargetConfig, prepare Prepare, onDrop func(Drop), onError func(error)) {
	e = &exits{method: method, left: new(atomic.Int32)}
	e.left.Store(3)
	target = TargetConfig{Name: "target", Core: e, RetryStart: time.Millisecond, BatchRecords: 4}
	if strings.HasPrefix(method, "foreign ") {
		target.Core = foreignExits{e}
	}
	switch method {
	case "DeadLetter":
		target.DeadLetter = &exits{method: "WriteBatch", left: e.left}
		fallthrough
	case "OnError", "OnDrop":
		e.each = func(*base.Record) error {
			if e.left.Load() > 0 {
				return &base.RejectedError{Err: errors.New("bad")}
			}
			return nil
		}
	}
	prepare = func(_ *zapcore.Entry, fields []zapcore.Field) ([]zapcore.Field, bool) {
		e.tick("PrepareDelivery")
		return fields, true
	}
	return e, target, prepare, func(Drop) { e.tick("OnDrop") }, func(error) { e.tick("OnError") }
}

// A target or a hook may end the goroutine that calls it: that drops the records in flight, which are counted, and later records are
// delivered.
func TestAGoroutineThatIsEnded(t *testing.T) {
	for _, method := range exitMethods {
		t.Run(method, func(t *testing.T) {
			e, target, prepare, onDrop, onError := exiting(method)
			other := &fakeBatchWriter{}
			cfg := Config{Targets: []TargetConfig{target, {Core: other}}, OnDrop: onDrop, OnError: onError, OmitNotice: true, DrainTimeout: 20 * time.Second}
			if method == "PrepareDelivery" {
				cfg.PrepareDelivery = prepare
			}
			core, err := New(cfg)
			require.NoError(t, err)
			done := make(chan struct{})
			go func() { // Enabled ends the goroutine that logs as well
				defer close(done)
				for range 100 {
					_ = core.Write(info("message"), nil)
				}
			}()
			<-done
			require.Eventually(t, func() bool { return core.Stats().Pending == 0 }, 10*time.Second, time.Millisecond)
			e.left.Store(0)
			require.NoError(t, core.Write(info("last"), nil))
			begin := time.Now()
			require.NoError(t, core.Sync())
			_ = core.Close()
			require.Less(t, time.Since(begin), 10*time.Second)
			s := core.Targets()[0]
			require.Zero(t, s.Missing())
			require.Zero(t, s.Pending)
			require.Contains(t, e.all(), "last")
			require.LessOrEqual(t, int(s.Delivered), len(e.all()), "what has not arrived counts as dropped")
			require.Contains(t, other.all(), "last")
			counted := uint64(0)
			for _, d := range s.Drops {
				counted += d.Records
			}
			require.Equal(t, s.Dropped, counted)
		})
	}
}

// The same of the targets of a Listener.
func TestAGoroutineOfAListenerThatIsEnded(t *testing.T) {
	for _, method := range exitMethods {
		t.Run(method, func(t *testing.T) {
			engine := NewMemory(0)
			e, target, prepare, onDrop, onError := exiting(method)
			cfg := ListenerConfig{Targets: []TargetConfig{target}, OnDrop: onDrop, OnError: onError, StopTimeout: 20 * time.Second}
			if method == "PrepareDelivery" {
				cfg.PrepareDelivery = prepare
			}
			l, err := NewListener(engine, cfg)
			require.NoError(t, err)
			h, err := NewHandler(engine, Config{})
			require.NoError(t, err)
			for range 100 {
				zap.New(h).Info("message")
			}
			require.NoError(t, h.Sync())
			l.Start()
			done := func() bool { s := l.Targets()[0]; return s.Delivered+s.Dropped == 100 }
			require.Eventually(t, done, 10*time.Second, time.Millisecond)
			e.left.Store(0)
			zap.New(h).Info("last")
			require.NoError(t, h.Close())
			begin := time.Now()
			require.NoError(t, l.Stop())
			require.Less(t, time.Since(begin), 10*time.Second)
			require.Contains(t, e.all(), "last")
			s := l.Targets()[0]
			require.Zero(t, s.Missing())
			require.Zero(t, s.Pending)
			require.NoError(t, engine.Close(context.Background()))
		})
	}
}

// exitsAlways is a target, and a PrepareDelivery, that end the goroutine each time: at Sync, and at one record.
type exitsAlways struct{ fakeBatchWriter }

func (*exitsAlways) Sync() error { runtime.Goexit(); return nil }

func atBad(ent *zapcore.Entry, fields []zapcore.Field) ([]zapcore.Field, bool) {
	if ent.Message == "bad" {
		runtime.Goexit()
	}
	return fields, true
}

// A record that ends the goroutine each time is dropped; the other records are delivered, and Close returns.
func TestAGoroutineThatIsEndedEachTime(t *testing.T) {
	for name, run := range map[string]func(target TargetConfig) TargetStats{
		"Core": func(target TargetConfig) TargetStats {
			core, err := New(Config{
				Targets: []TargetConfig{target}, PrepareDelivery: atBad, OnError: func(error) {}, OmitNotice: true, DrainTimeout: time.Minute,
			})
			require.NoError(t, err)
			write(t, core, zapcore.InfoLevel, "a", "bad", "b")
			_ = core.Close()
			return core.Targets()[0]
		},
		"Listener": func(target TargetConfig) TargetStats {
			engine := NewMemory(0)
			h, err := NewHandler(engine, Config{})
			require.NoError(t, err)
			write(t, h, zapcore.InfoLevel, "a", "bad", "b")
			require.NoError(t, h.Close())
			l, err := NewListener(engine, ListenerConfig{
				Targets: []TargetConfig{target}, PrepareDelivery: atBad, OnError: func(error) {}, StopTimeout: time.Minute,
			})
			require.NoError(t, err)
			l.Start()
			require.Eventually(t, func() bool { s := l.Targets()[0]; return s.Delivered+s.Dropped == 3 }, 20*time.Second, time.Millisecond)
			_ = l.Stop()
			require.NoError(t, engine.Close(context.Background()))
			return l.Targets()[0]
		},
	} {
		t.Run(name, func(t *testing.T) {
			target := &exitsAlways{}
			begin := time.Now()
			s := run(TargetConfig{Core: target, BatchRecords: 1})
			require.Less(t, time.Since(begin), 30*time.Second)
			require.Equal(t, []string{"a", "b"}, target.all())
			require.EqualValues(t, 1, s.Dropped)
			require.Zero(t, s.Missing())
		})
	}
}
