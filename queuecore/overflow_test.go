package queuecore

import (
	"encoding/json"
	"expvar"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// stalled is a queue of about 16 records whose target holds the first of them until the gate opens.
func stalled(t *testing.T, cfg Config) (*Core, *fakeBatchWriter) {
	t.Helper()
	f := &fakeBatchWriter{gate: make(chan struct{}), entered: make(chan struct{}, 1000)}
	cfg.Targets = []TargetConfig{{Core: f, SkipWhenFull: len(cfg.Targets) > 0 && cfg.Targets[0].SkipWhenFull}}
	cfg.MaxBytes = minBytes
	core := start(t, cfg)
	write(t, core, zapcore.InfoLevel, "first")
	<-f.entered
	return core, f
}

// bulky makes records of about a sixteenth of the arena.
func bulky(name string) string { return name + strings.Repeat(".", 190) }

func names(messages []string) (all []string) {
	for _, m := range messages {
		all = append(all, strings.TrimRight(m, "."))
	}
	return all
}

// fill writes Info records until one more would not fit, and returns how many.
func fill(t *testing.T, core *Core) (n int) {
	t.Helper()
	for {
		core.queue.mu.Lock()
		fits := core.queue.arena.Fits(300)
		core.queue.mu.Unlock()
		if !fits {
			return n
		}
		write(t, core, zapcore.InfoLevel, bulky("filler"))
		n++
	}
}

func TestOverflowDropNewest(t *testing.T) {
	var told sync.Map
	core, f := stalled(t, Config{Overflow: DropNewest, OnDrop: func(d Drop) { told.Store(d, true) }})
	n := fill(t, core)
	write(t, core, zapcore.InfoLevel, bulky("newest")+strings.Repeat(".", 100))
	close(f.gate)
	require.NoError(t, core.Sync())
	require.NotContains(t, names(f.all()), "newest")
	require.Equal(t, []Drop{{Level: zapcore.InfoLevel, Cause: Full, Records: 1}}, core.Targets()[0].Drops)
	require.Equal(t, Stats{Accepted: uint64(n) + 2, Delivered: uint64(n) + 1, Dropped: 1}, core.Stats())
	_, ok := told.Load(Drop{Level: zapcore.InfoLevel, Cause: Full, Records: 1})
	require.True(t, ok)
}

func TestOverflowDropOldest(t *testing.T) {
	core, f := stalled(t, Config{Overflow: DropOldest, OmitNotice: true})
	for _, name := range []string{"a", "b", "c"} {
		write(t, core, zapcore.InfoLevel, bulky(name))
	}
	n := fill(t, core)
	write(t, core, zapcore.InfoLevel, bulky("newest")+strings.Repeat(".", 100))
	close(f.gate)
	require.NoError(t, core.Sync())
	got := names(f.all())
	require.Equal(t, "newest", got[len(got)-1])
	require.NotContains(t, got, "a", "the oldest that was not being delivered")
	require.Contains(t, got, "first", "what is being delivered is not dropped")
	s := core.Targets()[0]
	require.LessOrEqual(t, dropsOf(s)[Evicted], uint64(2), "one at a time, until there is room")
	require.Equal(t, uint64(n)+5, s.Accepted)
}

func TestErrorsAreNotDroppedWhileAnythingLowerIsQueued(t *testing.T) {
	for _, policy := range []Overflow{Block, DropNewest, DropOldest} {
		t.Run(map[Overflow]string{Block: "block", DropNewest: "drop newest", DropOldest: "drop oldest"}[policy], func(t *testing.T) {
			core, f := stalled(t, Config{Overflow: policy, BlockTimeoutError: 5 * time.Millisecond, OmitNotice: true})
			n := fill(t, core)
			for range n {
				write(t, core, zapcore.ErrorLevel, bulky("error"))
			}
			close(f.gate)
			require.NoError(t, core.Sync())
			errs := 0
			for _, name := range names(f.all()) {
				if name == "error" {
					errs++
				}
			}
			require.Equal(t, n, errs, "each took the room of a lower one")
			for _, d := range core.Targets()[0].Drops {
				require.Equal(t, zapcore.InfoLevel, d.Level)
			}
		})
	}
}

func TestOverflowBlock(t *testing.T) {
	t.Run("with a deadline", func(t *testing.T) {
		core, f := stalled(t, Config{BlockTimeout: 10 * time.Millisecond})
		fill(t, core)
		require.ErrorIs(t, core.Write(info(bulky("late")+strings.Repeat(".", 100)), nil), ErrFull)
		require.Equal(t, uint64(1), core.Stats().Refused)
		require.Zero(t, core.Stats().Dropped, "the caller knows")
		close(f.gate)
	})
	t.Run("until there is room", func(t *testing.T) {
		core, f := stalled(t, Config{BlockTimeout: time.Hour})
		fill(t, core)
		written := make(chan error)
		for range 20 {
			go func() { written <- core.Write(info(bulky("patient")+strings.Repeat(".", 100)), nil) }()
		}
		close(f.gate)
		for range 20 {
			require.NoError(t, <-written)
		}
		require.NoError(t, core.Sync())
		require.Zero(t, core.Stats().Missing())
	})
	t.Run("until Close", func(t *testing.T) {
		core, f := stalled(t, Config{BlockTimeout: time.Hour, DrainTimeout: 10 * time.Millisecond})
		fill(t, core)
		written := make(chan error)
		go func() { written <- core.Write(info(bulky("patient")+strings.Repeat(".", 100)), nil) }()
		require.Eventually(t, func() bool {
			core.queue.mu.Lock()
			defer core.queue.mu.Unlock()
			return core.queue.enqueuer.overflow.Len() == 1
		}, 5*time.Second, time.Millisecond)
		require.Error(t, core.Close())
		require.ErrorIs(t, <-written, ErrClosed)
		close(f.gate)
	})
}

func TestOverflowWriteThrough(t *testing.T) {
	one := &fakeBatchWriter{gate: make(chan struct{}), entered: make(chan struct{}, 1000)}
	core := start(t, Config{Targets: Targets(one), MaxBytes: minBytes, Overflow: WriteThrough})
	write(t, core, zapcore.InfoLevel, "first")
	<-one.entered
	n := fill(t, core)
	written := make(chan error)
	go func() { written <- core.Write(info(bulky("through")+strings.Repeat(".", 100)), nil) }()
	<-one.entered // it is at the target itself
	close(one.gate)
	require.NoError(t, <-written)
	require.NoError(t, core.Sync())
	require.Contains(t, names(one.all()), "through")
	require.Equal(t, Stats{Accepted: uint64(n) + 2, Delivered: uint64(n) + 2}, core.Stats())
}

func TestOverflowByLevel(t *testing.T) {
	core, f := stalled(t, Config{
		BlockTimeout:    time.Millisecond,
		OverflowByLevel: map[zapcore.Level]Overflow{zapcore.DebugLevel: DropNewest},
	})
	fill(t, core)
	big := bulky("") + strings.Repeat(".", 100)
	require.NoError(t, core.Write(zapcore.Entry{Level: zapcore.DebugLevel, Message: big}, nil))
	require.ErrorIs(t, core.Write(zapcore.Entry{Level: zapcore.InfoLevel, Message: big}, nil), ErrFull)
	close(f.gate)
}

func TestSkipWhenFull(t *testing.T) {
	slow := &fakeBatchWriter{gate: make(chan struct{}), entered: make(chan struct{}, 1000)}
	fast := &fakeBatchWriter{}
	core := start(t, Config{
		MaxBytes: minBytes, BlockTimeout: time.Hour, OmitNotice: true,
		Targets: []TargetConfig{{Core: slow, SkipWhenFull: true}, {Core: fast}},
	})
	want := numbered(500)
	write(t, core, zapcore.InfoLevel, want...)
	require.Eventually(t, func() bool { return fast.len() == 500 }, 5*time.Second, time.Millisecond)
	require.Equal(t, want, fast.all(), "the other target loses nothing, and nobody waits")
	close(slow.gate)
	require.NoError(t, core.Sync())
	s := core.Targets()[0]
	require.NotZero(t, dropsOf(s)[Lagging])
	require.Zero(t, s.Missing())
	require.Equal(t, int(s.Delivered), slow.len())
}

func TestNoticeTellsOfTheGapOnceTheTargetHasCaughtUp(t *testing.T) {
	core, f := stalled(t, Config{Overflow: DropNewest})
	fill(t, core)
	for range 3 {
		write(t, core, zapcore.InfoLevel, bulky("lost")+strings.Repeat(".", 100))
	}
	close(f.gate)
	require.Eventually(t, func() bool { return core.Targets()[0].Notices == 1 }, 5*time.Second, time.Millisecond)
	all := f.all()
	require.Equal(t, "records dropped", all[len(all)-1])
	require.Zero(t, core.Stats().Missing())

	r := notice(drops{{Level: zapcore.ErrorLevel, Cause: Evicted, Records: 2}, {Level: zapcore.InfoLevel, Cause: Full, Records: 3}})
	require.Equal(t, zapcore.ErrorLevel, r.Level())
	m := zapcore.NewMapObjectEncoder()
	require.NoError(t, r.MarshalLogObject(m))
	require.Equal(t, map[string]any{"dropped": uint64(5), "evicted": uint64(2), "full": uint64(3)}, m.Fields)
}

func TestNoticeIsToldAtClose(t *testing.T) {
	core, f := stalled(t, Config{Overflow: DropNewest})
	fill(t, core)
	write(t, core, zapcore.InfoLevel, bulky("lost")+strings.Repeat(".", 100))
	go close(f.gate)
	require.NoError(t, core.Close())
	require.Equal(t, "records dropped", f.all()[f.len()-1])
}

func TestOnDropMayLogToAFullQueue(t *testing.T) {
	var core *Core
	ready := make(chan struct{})
	f := &fakeBatchWriter{gate: make(chan struct{}), entered: make(chan struct{}, 1000)}
	core = start(t, Config{
		Targets: Targets(f), MaxBytes: minBytes, Overflow: DropNewest,
		OnDrop: func(Drop) {
			<-ready
			_ = core.Write(info(bulky("of OnDrop")+strings.Repeat(".", 100)), nil)
			panic("and panics")
		},
	})
	close(ready)
	write(t, core, zapcore.InfoLevel, "first")
	<-f.entered
	fill(t, core)
	write(t, core, zapcore.InfoLevel, bulky("lost")+strings.Repeat(".", 100))
	close(f.gate)
	require.NoError(t, core.Sync())
	require.Zero(t, core.Stats().Missing())
}

func TestRecordLargerThanTheQueue(t *testing.T) {
	core := start(t, Config{Targets: Targets(&fakeBatchWriter{}), MaxBytes: minBytes})
	require.ErrorIs(t, core.Write(info(strings.Repeat("x", minBytes)), nil), ErrTooLarge)
	require.Equal(t, Stats{Refused: 1}, core.Stats())
	huge := start(t, Config{Targets: Targets(&fakeBatchWriter{})})
	write(t, huge, zapcore.InfoLevel, strings.Repeat("x", 1<<20), "small")
	require.NoError(t, huge.Sync())
	require.Equal(t, uint64(2), huge.Stats().Delivered, "one larger than a block has a block of its own")
}

func TestStringIsForExpvar(t *testing.T) {
	core, f := stalled(t, Config{Overflow: DropNewest})
	var _ expvar.Var = core
	fill(t, core)
	write(t, core, zapcore.InfoLevel, bulky("lost")+strings.Repeat(".", 100))
	var got map[string]any
	require.NoError(t, json.Unmarshal([]byte(core.String()), &got))
	assert.Equal(t, 1.0, got["dropped"])
	target := got["targets"].([]any)[0].(map[string]any)
	assert.Equal(t, []any{map[string]any{"level": "info", "cause": "full", "records": 1.0}}, target["drops"])
	close(f.gate)
}

func TestConfigErrorsNameTheField(t *testing.T) {
	ok := Targets(zapcore.NewNopCore())
	tests := []struct {
		field string
		cfg   Config
	}{
		{"Targets", Config{}},
		{"Targets[0].Core", Config{Targets: []TargetConfig{{}}}},
		{"Targets[1].RetryFactor", Config{Targets: append(Targets(zapcore.NewNopCore()), TargetConfig{Core: zapcore.NewNopCore(), RetryFactor: .5})}},
		{"BatchRecords", Config{Targets: []TargetConfig{{Core: zapcore.NewNopCore(), BatchRecords: -1}}}},
		{"BatchBytes", Config{Targets: []TargetConfig{{Core: zapcore.NewNopCore(), BatchBytes: -1}}}},
		{"RetryStart", Config{Targets: []TargetConfig{{Core: zapcore.NewNopCore(), RetryStart: -1}}}},
		{"RetryAttempts", Config{Targets: []TargetConfig{{Core: zapcore.NewNopCore(), RetryAttempts: -1}}}},
		{"MaxBytes", Config{Targets: ok, MaxBytes: 1}},
		{"Overflow", Config{Targets: ok, Overflow: 99}},
		{"OverflowByLevel", Config{Targets: ok, OverflowByLevel: map[zapcore.Level]Overflow{0: 99}}},
		{"Targets has 256", Config{Targets: make([]TargetConfig, 256)}},
	}
	for _, test := range tests {
		t.Run(test.field, func(t *testing.T) {
			_, err := New(test.cfg)
			require.ErrorContains(t, err, test.field)
		})
	}
}

func TestQueueOfQueue(t *testing.T) {
	f := &fakeBatchWriter{}
	inner := start(t, Config{Targets: Targets(f)})
	outer := start(t, Config{Targets: Targets(inner)})
	write(t, outer, zapcore.InfoLevel, numbered(3000)...)
	require.NoError(t, outer.Close())
	require.NoError(t, inner.Close())
	require.Equal(t, numbered(3000), f.all())
}

// A record that a queue behind a queue refuses, as it is too large or its Prepare panics, costs none of those behind it.
func TestQueueOfQueueThatRefusesARecord(t *testing.T) {
	for name, cfg := range map[string]Config{
		"too large": {MaxBytes: minBytes},
		"Prepare": {Prepare: func(ent *zapcore.Entry, fields []zapcore.Field) ([]zapcore.Field, bool) {
			if len(ent.Message) > 100 {
				panic(ErrFull) // which it is not
			}
			return fields, true
		}},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fakeBatchWriter{}
			cfg.Targets = Targets(f)
			inner := start(t, cfg)
			var batch base.Batch
			for _, message := range []string{"one", strings.Repeat("x", minBytes), "two"} {
				var r base.Record
				require.NoError(t, r.Capture(info(message), base.Context{}, nil))
				batch.Add(r.Bytes())
			}
			n, err := inner.WriteBatch(&batch)
			require.Equal(t, 3, n)
			var rejected *base.RejectedError
			require.ErrorAs(t, err, &rejected)
			require.Equal(t, []int{1}, rejected.Indexes)
			require.NoError(t, inner.Close())
			require.Equal(t, []string{"one", "two"}, f.all())
			n, err = inner.WriteBatch(&batch)
			require.Zero(t, n)
			require.ErrorIs(t, err, ErrClosed)
		})
	}
}

var _ base.BatchWriter = (*fakeBatchWriter)(nil)
