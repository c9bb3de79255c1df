package queuecore

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// bomb is a Core, a BatchWriter and a Flusher of which one method panics, from when it is armed.
type bomb struct {
	fakeBatchWriter
	method string
	armed  *atomic.Bool
}

func (b *bomb) tick(method string) {
	if b.method == method && b.armed.Load() {
		panic(method)
	}
}

func (b *bomb) Enabled(zapcore.Level) bool { b.tick("Enabled"); return true }
func (b *bomb) Level() zapcore.Level       { b.tick("Level"); return zapcore.DebugLevel }
func (b *bomb) Sync() error                { b.tick("Sync"); return nil }
func (b *bomb) Flush() error               { b.tick("Flush"); return nil }
func (b *bomb) WriteBatch(batch *base.Batch) (int, error) {
	b.tick("WriteBatch")
	if b.armed.Load() {
		switch b.method {
		case "Error of an error":
			return 0, brokenError{}
		case "indexes of no record":
			return batch.Len(), &base.RejectedError{Indexes: []int{1 << 20, -1}, Err: errors.New("bad")}
		}
	}
	return b.fakeBatchWriter.WriteBatch(batch)
}

// brokenError panics when it is asked what it is.
type brokenError struct{}

func (brokenError) Error() string { panic("Error") }

// foreignBomb is one that is no BatchWriter.
type foreignBomb struct{ *bomb }

func (b foreignBomb) WriteBatch() {}
func (b foreignBomb) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	b.tick("Check")
	return ce.AddCore(ent, b)
}
func (b foreignBomb) Write(zapcore.Entry, []zapcore.Field) error { b.tick("Write"); return nil }

// TestNothingThatIsNotOursEndsTheProgram makes each hook and each method of a target panic: the queue goes on, its other target
// gets every record that is not dropped, and Close returns.
func TestNothingThatIsNotOursEndsTheProgram(t *testing.T) {
	armed := new(atomic.Bool)
	level := func(name string, method *string) zap.LevelEnablerFunc {
		return func(zapcore.Level) bool {
			if *method == name && armed.Load() {
				panic(name)
			}
			return true
		}
	}
	for _, method := range []string{
		"Enabled", "Level", "Sync", "Flush", "WriteBatch", "Error of an error", "indexes of no record",
		"foreign Enabled", "foreign Check", "foreign Write", "foreign Sync",
		"Config.Level", "Config.Prepare", "Config.PrepareDelivery", "Config.OnDrop", "Config.OnError",
		"TargetConfig.Level", "TargetConfig.DeadLetter",
	} {
		for _, overflow := range []Overflow{Block, WriteThrough} {
			t.Run(method, func(t *testing.T) {
				armed.Store(false)
				b := &bomb{method: method, armed: armed}
				target := zapcore.Core(b)
				if foreign, ok := strings.CutPrefix(method, "foreign "); ok {
					b.method = foreign
					target = foreignBomb{b}
				}
				hook := func(name string) Prepare {
					return func(_ *zapcore.Entry, fields []zapcore.Field) ([]zapcore.Field, bool) {
						if method == name && armed.Load() {
							panic(name)
						}
						return fields, true
					}
				}
				other := &fakeBatchWriter{}
				cfg := Config{
					Targets: []TargetConfig{
						{Core: target, Level: level("TargetConfig.Level", &method), RetryStart: time.Millisecond, RetryAttempts: 2},
						{Core: other},
					},
					Level: level("Config.Level", &method), Overflow: overflow, MaxBytes: minBytes, DrainTimeout: 10 * time.Second,
					PrepareDelivery: hook("Config.PrepareDelivery"),
					OnDrop: func(Drop) {
						if method == "Config.OnDrop" {
							panic("OnDrop")
						}
					},
					OnError: func(error) {
						if method == "Config.OnError" {
							panic("OnError")
						}
					},
				}
				if method == "Config.Prepare" {
					cfg.Prepare = hook(method)
				}
				switch method {
				case "TargetConfig.DeadLetter":
					b.fail(1<<30, errors.New("bad"))
					cfg.Targets[0].DeadLetter = &bomb{method: "WriteBatch", armed: armed}
				case "Config.OnDrop", "Config.OnError":
					b.fail(1<<30, errors.New("bad"))
				}
				core, err := New(cfg)
				require.NoError(t, err)
				logger := zap.New(core, zap.ErrorOutput(zapcore.AddSync(discard{})))
				armed.Store(true)
				for range 100 {
					logger.Info("message")
					logger.Error("message")
				}
				_ = core.Level()
				if method != "Config.Prepare" {
					require.NoError(t, core.Write(zapcore.Entry{Level: zapcore.InfoLevel}, nil), "written past Check")
				}
				_ = core.Sync()
				armed.Store(false)
				logger.Info("last")
				_ = core.Close()
				s := core.Stats()
				require.Zero(t, s.Missing())
				require.Zero(t, s.Pending)
				require.Contains(t, other.all(), "last")
			})
		}
	}
}

// discard is os.Stderr for what is not to be seen.
type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// badEngine is an engine of which each method panics.
type badEngine struct{ *Memory }

func (badEngine) Append(*base.Batch) (uint64, error)                        { panic("Append") }
func (badEngine) Read(context.Context, string, *base.Batch) (uint64, error) { panic("Read") }
func (badEngine) Ack(string, uint64) error                                  { panic("Ack") }
func (badEngine) Sync() error                                               { panic("Sync") }

func TestAnEngineThatPanicsEndsNoProgram(t *testing.T) {
	h, err := NewHandler(badEngine{NewMemory(0)}, Config{OnError: func(error) {}})
	require.NoError(t, err)
	write(t, h, zapcore.InfoLevel, "message")
	_ = h.Sync()
	_ = h.Close()
	require.Zero(t, h.Stats().Missing())
	l, err := NewListener(badEngine{NewMemory(0)}, ListenerConfig{
		Targets: []TargetConfig{{Core: &fakeBatchWriter{}, RetryStart: time.Millisecond}}, StopTimeout: time.Second, OnError: func(error) {},
	})
	require.NoError(t, err)
	l.Start()
	require.NoError(t, l.Stop())
}

// stuckEngine is an engine that does not answer.
type stuckEngine struct {
	*Memory
	stuck chan struct{}
}

func (e stuckEngine) Append(*base.Batch) (uint64, error) { <-e.stuck; return 0, ErrClosed }

func TestStopOfAListenerWhoseEngineDoesNotAnswer(t *testing.T) {
	engine := stuckEngine{NewMemory(0), make(chan struct{})}
	defer close(engine.stuck)
	l, err := NewListener(engine, ListenerConfig{Targets: Targets(&fakeBatchWriter{}), StopTimeout: 20 * time.Millisecond, OnError: func(error) {}})
	require.NoError(t, err)
	l.Start()
	begin := time.Now()
	_ = l.Stop()
	require.Less(t, time.Since(begin), 10*time.Second)
}

// coldEngine is an engine whose Ack does not answer at first.
type coldEngine struct {
	*Memory
	ready chan struct{}
}

func (e coldEngine) Ack(cursor string, number uint64) error {
	<-e.ready
	return e.Memory.Ack(cursor, number)
}

// Start waits for an engine that does not answer no longer than Stop, holds up neither that nor Targets, and delivers once it does.
func TestStartOfAListenerWhoseEngineDoesNotAnswer(t *testing.T) {
	engine := coldEngine{NewMemory(0), make(chan struct{})}
	var r base.Record
	require.NoError(t, r.Capture(info("message"), base.Context{}, nil))
	var batch base.Batch
	batch.Add(r.Bytes())
	_, err := engine.Append(&batch)
	require.NoError(t, err)
	target := &fakeBatchWriter{}
	told := make(chan error, 10)
	l, err := NewListener(engine, ListenerConfig{
		Targets: Targets(target), StopTimeout: 20 * time.Millisecond, OnError: func(err error) { told <- err },
	})
	require.NoError(t, err)
	begin := time.Now()
	l.Start()
	require.ErrorIs(t, <-told, os.ErrDeadlineExceeded)
	l.Start()
	require.Len(t, l.Targets(), 1)
	_ = l.Stop()
	l.Start()
	require.Less(t, time.Since(begin), 10*time.Second)
	close(engine.ready)
	require.Eventually(t, func() bool { return target.len() == 1 }, 10*time.Second, time.Millisecond)
	require.Eventually(t, func() bool { return l.Stop() == nil }, 10*time.Second, time.Millisecond)
}

// TestNothingHangsOnATargetThatNeverReturns: each method that a queue calls blocks in its turn.
func TestNothingHangsOnATargetThatNeverReturns(t *testing.T) {
	for _, method := range []string{"WriteBatch", "Write", "Enabled", "Sync", "Flush", "OnDrop"} {
		t.Run(method, func(t *testing.T) {
			stuck := make(chan struct{})
			defer close(stuck)
			target := stuckCore{method: method, stuck: stuck}
			cfg := Config{
				Targets: Targets(target), DrainTimeout: 30 * time.Millisecond, FatalTimeout: 30 * time.Millisecond, OnError: func(error) {},
				Level: zapcore.DebugLevel,
			}
			if method == "OnDrop" {
				cfg.OnDrop = func(Drop) { <-stuck }
			}
			if method == "WriteBatch" {
				cfg.Targets = Targets(stuckBatches{target})
			}
			core, err := New(cfg)
			require.NoError(t, err)
			done := make(chan struct{})
			go func() {
				defer close(done)
				for range 100 {
					_ = core.Write(info("message"), nil)
				}
				_ = core.Write(zapcore.Entry{Level: zapcore.FatalLevel, Message: "last words"}, nil)
				_ = core.Stats()
				_ = core.Targets()
				_ = core.String()
				_ = core.Sync()
				_ = core.Close()
			}()
			select {
			case <-done:
			case <-time.After(20 * time.Second):
				require.Fail(t, "it hangs")
			}
			require.Zero(t, core.Stats().Missing())
			require.Zero(t, core.Stats().Pending)
			require.ErrorIs(t, core.Write(info("late"), nil), os.ErrClosed)
		})
	}
}

type stuckCore struct {
	method string
	stuck  chan struct{}
}

func (s stuckCore) at(method string) {
	if s.method == method {
		<-s.stuck
	}
}

func (s stuckCore) Enabled(zapcore.Level) bool        { s.at("Enabled"); return true }
func (s stuckCore) With([]zapcore.Field) zapcore.Core { return s }
func (s stuckCore) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(ent, s)
}
func (s stuckCore) Write(zapcore.Entry, []zapcore.Field) error {
	s.at("Write")
	if s.method == "OnDrop" {
		return errors.New("bad")
	}
	return nil
}
func (s stuckCore) Sync() error  { s.at("Sync"); return nil }
func (s stuckCore) Flush() error { s.at("Flush"); return nil }

type stuckBatches struct{ stuckCore }

func (s stuckBatches) WriteBatch(b *base.Batch) (int, error) { s.at("WriteBatch"); return b.Len(), nil }

// hastyEngine is an engine that does not wait.
type hastyEngine struct {
	*Memory
	reads atomic.Int32
}

func (e *hastyEngine) Read(context.Context, string, *base.Batch) (uint64, error) {
	e.reads.Add(1)
	return 0, nil
}

func TestAnEngineThatDoesNotWaitIsNotAskedWithoutEnd(t *testing.T) {
	engine := &hastyEngine{Memory: NewMemory(0)}
	var heard said
	l, err := NewListener(engine, ListenerConfig{
		Targets: []TargetConfig{{Core: &fakeBatchWriter{}, RetryStart: time.Minute}}, StopTimeout: time.Second, OnError: heard.onError,
	})
	require.NoError(t, err)
	l.Start()
	require.Eventually(t, func() bool { heard.mu.Lock(); defer heard.mu.Unlock(); return len(heard.errs) == 1 }, 5*time.Second, time.Millisecond)
	require.NoError(t, l.Stop())
	require.LessOrEqual(t, engine.reads.Load(), int32(3))
}
