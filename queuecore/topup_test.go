package queuecore

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// needsOthers is a target that takes its first record only together with others.
type needsOthers struct {
	fakeBatchWriter
	alone atomic.Int64 // how often it was given one record
}

func (c *needsOthers) WriteBatch(b *base.Batch) (int, error) {
	if b.Len() == 1 {
		c.alone.Add(1)
		return 0, &base.RetryError{Err: errors.New("alone")}
	}
	return c.fakeBatchWriter.WriteBatch(b)
}

// A batch that is tried again also holds the records that have come meanwhile, from the arena and from every engine.
func TestRetriedBatchGrows(t *testing.T) {
	never := func(error) {}
	check := func(t *testing.T, target *needsOthers, write func(texts ...string), closing func()) {
		write("first")
		require.Eventually(t, func() bool { return target.alone.Load() > 2 }, 5*time.Second, time.Millisecond)
		write("second")
		require.Eventually(t, func() bool { return target.len() == 2 }, 5*time.Second, time.Millisecond)
		write("third", "fourth")
		require.Eventually(t, func() bool { return target.len() == 4 }, 5*time.Second, time.Millisecond)
		closing()
		require.Equal(t, []string{"first", "second", "third", "fourth"}, target.all(), "in order, each once")
	}
	for name, records := range map[string]int{"arena": 0, "arena, without a bound": math.MaxInt} {
		t.Run(name, func(t *testing.T) {
			target := &needsOthers{}
			queue, err := New(Config{OnError: never, Targets: []TargetConfig{
				{Core: target, BatchRecords: records, RetryStart: time.Millisecond, RetryMax: time.Millisecond}}})
			require.NoError(t, err)
			check(t, target, func(texts ...string) { write(t, queue, zapcore.InfoLevel, texts...) }, func() { require.NoError(t, queue.Close()) })
			require.Equal(t, Stats{Accepted: 4, Delivered: 4}, queue.Stats())
		})
	}
	for name, open := range map[string]func(t *testing.T) Queue{
		"memory": func(*testing.T) Queue { return NewMemory(0) },
		"disk": func(t *testing.T) Queue {
			disk, err := NewDisk(DiskConfig{Dir: t.TempDir(), OnError: never})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, disk.Close(context.Background())) })
			return disk
		},
	} {
		t.Run(name, func(t *testing.T) {
			engine, target := open(t), &needsOthers{}
			h, err := NewHandler(engine, Config{})
			require.NoError(t, err)
			l, err := NewListener(engine, ListenerConfig{OnError: never,
				Targets: []TargetConfig{{Core: target, RetryStart: time.Millisecond, RetryMax: time.Millisecond}}})
			require.NoError(t, err)
			l.Start()
			check(t, target, func(texts ...string) {
				write(t, h, zapcore.InfoLevel, texts...)
				require.NoError(t, h.Sync())
			}, func() {
				require.NoError(t, h.Close())
				require.NoError(t, l.Stop())
			})
			require.Equal(t, Stats{Accepted: 4, Delivered: 4}, l.Targets()[0].Stats)
		})
	}
}

// stubborn is a target that never takes one of its records, and takes all others.
type stubborn struct {
	fakeBatchWriter
	calls atomic.Int64
}

func (s *stubborn) WriteBatch(b *base.Batch) (int, error) {
	s.calls.Add(1)
	again := &base.RetryError{Err: errors.New("not that one")}
	var rest base.Batch
	for i := range b.Len() {
		if b.At(i).Entry().Message == "never" {
			again.Indexes = append(again.Indexes, i)
		} else {
			rest.Add(b.Tape(i))
		}
	}
	if _, err := s.fakeBatchWriter.WriteBatch(&rest); err != nil || len(again.Indexes) == 0 {
		return b.Len(), err
	}
	return b.Len(), again
}

// Records delivered ahead of one that the target never takes stay in the arena, so their number is bounded.
func TestRetriedBatchGrowsToABound(t *testing.T) {
	target := &stubborn{}
	queue, err := New(Config{OnError: func(error) {}, DrainTimeout: time.Millisecond, OmitNotice: true, Targets: []TargetConfig{{
		Core: target, BatchRecords: 50, RetryStart: time.Millisecond, RetryMax: time.Millisecond}}})
	require.NoError(t, err)
	write(t, queue, zapcore.InfoLevel, append([]string{"never"}, numbered(1000)...)...)
	require.Eventually(t, func() bool { return target.calls.Load() >= 100 }, 5*time.Second, time.Millisecond)
	taken := target.len()
	require.GreaterOrEqual(t, taken, 50)
	require.Less(t, taken, 3*50)
	require.Error(t, queue.Close())
	require.GreaterOrEqual(t, target.len(), taken)
}
