package buffercore

import (
	"errors"
	"fmt"
	"math/rand/v2"
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
)

func open(t *testing.T, cfg Config) *Core {
	t.Helper()
	if cfg.OnError == nil {
		cfg.OnError = func(error) {}
	}
	core, err := New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = core.Close() })
	return core
}

func write(t *testing.T, core zapcore.Core, level zapcore.Level, messages ...string) {
	t.Helper()
	for _, m := range messages {
		require.NoError(t, core.Write(zapcore.Entry{Level: level, Message: m}, nil))
	}
}

func messages(seen *observer.ObservedLogs) []string {
	all := []string{}
	for _, e := range seen.All() {
		all = append(all, e.Message)
	}
	return all
}

// batchTarget is a BatchWriter that keeps messages, and takes as many as it may.
type batchTarget struct {
	zapcore.Core
	mu   sync.Mutex
	left int // records it still takes before it is down; negative: all
	seen []string
}

func (b *batchTarget) Enabled(zapcore.Level) bool { return true }

func (b *batchTarget) WriteBatch(batch *base.Batch) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range batch.Len() {
		if b.left == 0 {
			return i, &base.RetryError{Err: errors.New("down")}
		}
		b.left--
		b.seen = append(b.seen, strings.Clone(batch.At(i).Entry().Message))
	}
	return batch.Len(), nil
}

func (b *batchTarget) take(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = n
}

func TestWhenItFlushes(t *testing.T) {
	tests := []struct {
		name string
		cfg  Config
		do   func(*testing.T, *Core)
		want []string
	}{
		{"not before it must", Config{}, func(t *testing.T, c *Core) {
			write(t, c, zapcore.InfoLevel, "a", "b")
		}, []string{}},
		{"at capacity", Config{Capacity: 3}, func(t *testing.T, c *Core) {
			write(t, c, zapcore.InfoLevel, "a", "b", "c", "d")
		}, []string{"a", "b", "c"}},
		{"at an error, which comes last", Config{}, func(t *testing.T, c *Core) {
			write(t, c, zapcore.InfoLevel, "a")
			write(t, c, zapcore.ErrorLevel, "bad")
			write(t, c, zapcore.InfoLevel, "b")
		}, []string{"a", "bad"}},
		{"at the flush level", Config{FlushLevel: zapcore.WarnLevel}, func(t *testing.T, c *Core) {
			write(t, c, zapcore.InfoLevel, "a")
			write(t, c, zapcore.WarnLevel, "b")
		}, []string{"a", "b"}},
		{"when the hook says so", Config{ShouldFlush: func(ent zapcore.Entry, n int) bool { return ent.Message == "now" && n == 2 }}, func(t *testing.T, c *Core) {
			write(t, c, zapcore.InfoLevel, "a", "now", "now")
		}, []string{"a", "now"}},
		{"before a record that does not fit", Config{MaxBytes: minBytes}, func(t *testing.T, c *Core) {
			write(t, c, zapcore.InfoLevel, "a", "b", strings.Repeat("x", 4000))
		}, []string{"a", "b"}},
		{"by Sync", Config{}, func(t *testing.T, c *Core) {
			write(t, c, zapcore.InfoLevel, "a")
			require.NoError(t, c.Sync())
		}, []string{"a"}},
		{"by Close", Config{}, func(t *testing.T, c *Core) {
			write(t, c, zapcore.InfoLevel, "a")
			require.NoError(t, c.Close())
		}, []string{"a"}},
		{"not by Close if that discards", Config{DiscardOnClose: true}, func(t *testing.T, c *Core) {
			write(t, c, zapcore.InfoLevel, "a")
			require.NoError(t, c.Close())
			require.Equal(t, Stats{Accepted: 1, Skipped: 1}, c.Stats())
		}, []string{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			target, seen := observer.New(zapcore.DebugLevel)
			test.cfg.Target = target
			core := open(t, test.cfg)
			test.do(t, core)
			require.Equal(t, test.want, messages(seen))
			require.Zero(t, core.Stats().Missing())
		})
	}
}

func TestFlushInterval(t *testing.T) {
	target, seen := observer.New(zapcore.DebugLevel)
	core := open(t, Config{Target: target, FlushInterval: time.Millisecond})
	write(t, core, zapcore.InfoLevel, "a")
	require.Eventually(t, func() bool { return seen.Len() == 1 }, 5*time.Second, time.Millisecond)
}

func TestClearsOnlyWhatTheTargetTook(t *testing.T) {
	target := &batchTarget{Core: zapcore.NewNopCore(), left: 2}
	core := open(t, Config{Target: target})
	write(t, core, zapcore.InfoLevel, "a", "b", "c", "d")
	require.Error(t, core.Sync())
	require.Equal(t, Stats{Accepted: 4, Delivered: 2, Pending: 2}, core.Stats())
	target.take(-1)
	write(t, core, zapcore.InfoLevel, "e")
	require.NoError(t, core.Sync())
	require.Equal(t, []string{"a", "b", "c", "d", "e"}, target.seen, "each once, in order; Python repeats all")
}

func TestCloseSaysWhatItLost(t *testing.T) {
	target := &batchTarget{Core: zapcore.NewNopCore()}
	core := open(t, Config{Target: target})
	write(t, core, zapcore.InfoLevel, "a", "b")
	var lost *LostError
	require.ErrorAs(t, core.Close(), &lost)
	require.Equal(t, uint64(2), lost.Records)
	require.Equal(t, Stats{Accepted: 2, Dropped: 2}, core.Stats())
	require.ErrorIs(t, core.Write(zapcore.Entry{}, nil), ErrClosed)
	require.NoError(t, core.Close())
}

func TestCloseSaysThatThereIsNoTarget(t *testing.T) {
	core := open(t, Config{})
	require.NoError(t, core.Close(), "nothing is lost")
	core = open(t, Config{})
	write(t, core, zapcore.ErrorLevel, "a")
	require.EqualError(t, core.Close(), "zaphandlers: 1 record lost: buffercore: it has no target: give it one by Config.Target or SetTarget")
}

func TestWithoutATargetItKeepsTheNewest(t *testing.T) {
	core := open(t, Config{Capacity: 3})
	write(t, core, zapcore.ErrorLevel, "error")
	write(t, core, zapcore.InfoLevel, "a", "b", "c")
	require.Equal(t, Stats{Accepted: 4, Dropped: 1, Pending: 3}, core.Stats())
	target, seen := observer.New(zapcore.DebugLevel)
	core.SetTarget(target)
	require.NoError(t, core.Sync())
	require.Equal(t, []string{"error", "b", "c"}, messages(seen), "what is below Error is dropped first")
	core.SetTarget(nil)
	write(t, core, zapcore.ErrorLevel, "kept")
	require.NoError(t, core.Sync())
	require.Equal(t, uint64(1), core.Stats().Pending)

	small := open(t, Config{MaxBytes: minBytes})
	for range 100 {
		write(t, small, zapcore.InfoLevel, strings.Repeat("x", 100))
	}
	s := small.Stats()
	require.Zero(t, s.Missing())
	require.NotZero(t, s.Dropped, "the bound in bytes holds too; Python grows for ever")
}

func TestTargetLevels(t *testing.T) {
	warn, seen := observer.New(zapcore.WarnLevel)
	core := open(t, Config{Target: warn})
	write(t, core, zapcore.InfoLevel, "info")
	write(t, core, zapcore.ErrorLevel, "error")
	require.Equal(t, []string{"error"}, messages(seen))
	require.Equal(t, Stats{Accepted: 2, Delivered: 1, Skipped: 1}, core.Stats())

	warn, seen = observer.New(zapcore.WarnLevel)
	core = open(t, Config{Target: warn, IgnoreLevel: true})
	write(t, core, zapcore.InfoLevel, "info")
	write(t, core, zapcore.ErrorLevel, "error")
	require.Equal(t, []string{"info", "error"}, messages(seen))
}

func TestTargetMayUseItsOwnBuffer(t *testing.T) {
	tests := []struct {
		name string
		f    func(*Core)
	}{
		{"log", func(c *Core) { _ = c.Write(zapcore.Entry{Message: "inner"}, nil) }},
		{"log an error", func(c *Core) { _ = c.Write(zapcore.Entry{Level: zapcore.ErrorLevel, Message: "inner"}, nil) }},
		{"log the last words", func(c *Core) { _ = c.Write(zapcore.Entry{Level: zapcore.FatalLevel, Message: "inner"}, nil) }},
		{"sync", func(c *Core) { _ = c.Sync() }},
		{"set the target", func(c *Core) { c.SetTarget(zapcore.NewNopCore()) }},
		{"close", func(c *Core) { _ = c.Close() }},
		{"fill it", func(c *Core) {
			for range 100 {
				_ = c.Write(zapcore.Entry{Message: strings.Repeat("x", 200)}, nil)
			}
		}},
		{"panic", func(*Core) { panic("target") }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var core *Core
			var once atomic.Bool
			obs, _ := observer.New(zapcore.DebugLevel)
			core = open(t, Config{MaxBytes: minBytes, Target: zapcore.RegisterHooks(obs, func(zapcore.Entry) error {
				if once.CompareAndSwap(false, true) {
					test.f(core)
				}
				return nil
			})})
			done := make(chan struct{})
			go func() {
				defer close(done)
				_ = core.Write(zapcore.Entry{Level: zapcore.ErrorLevel, Message: "outer"}, nil)
				_ = core.Close()
			}()
			select {
			case <-done:
			case <-time.After(10 * time.Second):
				require.Fail(t, "the target waits for itself")
			}
			require.Zero(t, core.Stats().Missing())
		})
	}
}

func TestRecordingBringsWhatItKeptBeforeTheError(t *testing.T) {
	target, seen := observer.New(zapcore.DebugLevel)
	core := open(t, Config{Target: target})
	good, bad := core.Begin(), core.Begin()
	logger := zap.New(bad).With(zap.Int("request", 7))
	zap.New(good).Debug("good 1")
	logger.Debug("bad 1", zap.String("key", "value"))
	logger.Info("bad 2")
	require.Zero(t, seen.Len())
	require.Equal(t, uint64(3), core.Stats().Pending)
	logger.Error("bad 3")
	require.Equal(t, []string{"bad 1", "bad 2", "bad 3"}, messages(seen))
	require.Equal(t, map[string]any{"request": int64(7), "key": "value"}, seen.All()[0].ContextMap())
	logger.Debug("bad 4")
	bad.End(true)
	good.End(false)
	good.End(true)
	require.NoError(t, core.Sync())
	require.Equal(t, []string{"bad 1", "bad 2", "bad 3", "bad 4"}, messages(seen))
	require.Equal(t, Stats{Accepted: 5, Delivered: 4, Skipped: 1}, core.Stats())

	zap.New(good).Debug("late")
	zap.New(good).Error("late error")
	require.Equal(t, "late error", seen.All()[4].Message, "what is serious arrives after End too")
	require.Zero(t, core.Stats().Missing())
}

func TestRecordingIsBounded(t *testing.T) {
	target, seen := observer.New(zapcore.DebugLevel)
	core := open(t, Config{Target: target, RecordingBytes: minBytes})
	r := core.Begin()
	for i := range 100 {
		write(t, r, zapcore.DebugLevel, fmt.Sprintf("%03d", i)+strings.Repeat("x", 100))
	}
	require.Error(t, r.Write(zapcore.Entry{Message: strings.Repeat("x", minBytes)}, nil))
	write(t, r, zapcore.ErrorLevel, "bad")
	r.End(false)
	all := messages(seen)
	require.Equal(t, "bad", all[len(all)-1])
	require.Equal(t, "099", all[len(all)-2][:3], "the newest are kept")
	s := core.Stats()
	require.Zero(t, s.Missing())
	require.Equal(t, uint64(101-len(all)), s.Dropped)
	require.Equal(t, uint64(1), s.Refused)
}

func TestRecordingAfterClose(t *testing.T) {
	core := open(t, Config{})
	r := core.Begin()
	write(t, r, zapcore.DebugLevel, "kept")
	require.NoError(t, core.Close())
	require.Equal(t, Stats{Accepted: 1, Skipped: 1}, core.Stats())
	require.ErrorIs(t, r.Write(zapcore.Entry{}, nil), ErrClosed)
	require.ErrorIs(t, core.Begin().Write(zapcore.Entry{Level: zapcore.ErrorLevel}, nil), ErrClosed)
	r.End(true)
	require.Zero(t, core.Stats().Missing())
}

// TestRandomBuffers holds law 1 under random writes, recordings, targets that come and go, and flushes.
func TestRandomBuffers(t *testing.T) {
	for seed := range uint64(100) {
		t.Run(fmt.Sprint("schedule ", seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 3))
			target := &batchTarget{Core: zapcore.NewNopCore(), left: rng.IntN(100)}
			core := open(t, Config{
				Target: target, Capacity: 1 + rng.IntN(50), MaxBytes: minBytes + rng.IntN(8<<10), RecordingBytes: minBytes,
			})
			var accepted atomic.Uint64
			var wg sync.WaitGroup
			for p := range 3 {
				rng := rand.New(rand.NewPCG(seed, uint64(10+p)))
				wg.Go(func() {
					recording := core.Begin()
					for range 200 {
						var c zapcore.Core = core
						if rng.IntN(2) == 0 {
							c = recording
						}
						ent := zapcore.Entry{Level: []zapcore.Level{-1, 0, 0, 1, 1, 0, 0, 0, 2}[rng.IntN(9)], Message: strings.Repeat("x", rng.IntN(200))}
						if c.Write(ent, nil) == nil {
							accepted.Add(1)
						}
						switch rng.IntN(40) {
						case 0:
							recording.End(rng.IntN(2) == 0)
							recording = core.Begin()
						case 1:
							_ = core.Sync()
						case 2:
							target.take(rng.IntN(100))
						case 3:
							core.SetTarget(nil)
						case 4:
							core.SetTarget(target)
						}
					}
					recording.End(true)
				})
			}
			wg.Wait()
			s := core.Stats()
			require.Zero(t, s.Missing(), s)
			require.Equal(t, accepted.Load(), s.Accepted)
			target.take(-1)
			core.SetTarget(target)
			require.NoError(t, core.Close())
			s = core.Stats()
			require.Zero(t, s.Missing(), s)
			require.Zero(t, s.Pending)
			require.Equal(t, int(s.Delivered), len(target.seen))
		})
	}
}

func TestConfigErrorsNameTheField(t *testing.T) {
	for field, cfg := range map[string]Config{
		"Capacity":       {Capacity: -1},
		"MaxBytes":       {MaxBytes: 1},
		"RecordingBytes": {RecordingBytes: 1},
		"FlushInterval":  {FlushInterval: -1},
	} {
		_, err := New(cfg)
		require.ErrorContains(t, err, field)
	}
}

func TestFlushLevelMayChange(t *testing.T) {
	seen, logs := observer.New(zapcore.DebugLevel)
	level := zap.NewAtomicLevelAt(zapcore.ErrorLevel)
	core, err := New(Config{Target: seen, FlushLevel: level})
	require.NoError(t, err)
	require.NoError(t, core.Write(zapcore.Entry{Level: zapcore.InfoLevel, Message: "kept"}, nil))
	require.Zero(t, logs.Len())
	level.SetLevel(zapcore.InfoLevel)
	require.NoError(t, core.Write(zapcore.Entry{Level: zapcore.InfoLevel, Message: "flushes"}, nil))
	require.Equal(t, 2, logs.Len())
	require.NoError(t, core.Close())
}

// A record that is too large for a buffer behind a queue, or another buffer, costs none of those behind it.
func TestABatchWithARecordThatIsTooLarge(t *testing.T) {
	target := &batchTarget{Core: zapcore.NewNopCore(), left: -1}
	core := open(t, Config{Target: target, MaxBytes: minBytes})
	var batch base.Batch
	for _, message := range []string{"one", strings.Repeat("x", minBytes), "two"} {
		var r base.Record
		require.NoError(t, r.Capture(zapcore.Entry{Message: message}, base.Context{}, nil))
		batch.Add(r.Bytes())
	}
	n, err := core.WriteBatch(&batch)
	require.Equal(t, 3, n)
	var rejected *base.RejectedError
	require.ErrorAs(t, err, &rejected)
	require.Equal(t, []int{1}, rejected.Indexes)
	require.ErrorIs(t, err, ErrTooLarge)
	require.NoError(t, core.Close())
	require.Equal(t, []string{"one", "two"}, target.seen)
	n, err = core.WriteBatch(&batch)
	require.Zero(t, n)
	require.ErrorIs(t, err, ErrClosed)
}

// busyWithFirst is a target that is too busy for the first record of each batch, and takes the others.
type busyWithFirst struct{ batchTarget }

func (b *busyWithFirst) WriteBatch(batch *base.Batch) (int, error) {
	_, _ = b.batchTarget.WriteBatch(batch)
	return batch.Len(), &base.RetryError{Err: errors.New("busy"), Indexes: []int{0}}
}

func TestWhatArrivedBehindARecordThatIsTriedAgainIsNotLost(t *testing.T) {
	for discard, want := range map[bool]Stats{
		false: {Accepted: 10, Delivered: 9, Dropped: 1},
		true:  {Accepted: 10, Delivered: 9, Skipped: 1},
	} {
		core := open(t, Config{Target: &busyWithFirst{batchTarget{Core: zapcore.NewNopCore(), left: -1}}, DiscardOnClose: discard})
		for i := range 10 {
			write(t, core, zapcore.InfoLevel, fmt.Sprint(i))
		}
		require.ErrorContains(t, core.Sync(), "busy")
		err := core.Close()
		if !discard {
			var lost *LostError
			require.ErrorAs(t, err, &lost)
			require.Equal(t, uint64(1), lost.Records)
		}
		require.Equal(t, want, core.Stats())
	}
}
