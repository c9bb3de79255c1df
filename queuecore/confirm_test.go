package queuecore

import (
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// confirming is a target whose records are pending until a Sync that succeeds.
type confirming struct {
	zapcore.Core

	mu      sync.Mutex // guards the fields below
	pending uint64
	down    bool
	syncs   int
}

func (c *confirming) WriteBatch(batch *base.Batch) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending += uint64(batch.Len())
	return batch.Len(), nil
}

func (c *confirming) Confirms() bool { return true }

func (c *confirming) Sync() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.syncs++
	if c.down {
		return errors.New("the peer is away")
	}
	c.pending = 0
	return nil
}

// acks is an engine that remembers what was acknowledged.
type acks struct {
	*Memory

	mu   sync.Mutex // guards the field below
	last uint64
}

func (a *acks) Ack(cursor string, number uint64) error {
	a.mu.Lock()
	a.last = number
	a.mu.Unlock()
	return a.Memory.Ack(cursor, number)
}

func (a *acks) acked() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.last
}

// Unconfirmed records of a target would be lost with the process, so the engine keeps them until they are confirmed.
func TestListenerAcknowledgesWhatIsConfirmed(t *testing.T) {
	engine := &acks{Memory: NewMemory(0)}
	target := &confirming{Core: zapcore.NewNopCore(), down: true}
	var r base.Record
	require.NoError(t, r.Capture(zapcore.Entry{Message: "m"}, base.Context{}, nil))
	var batch base.Batch
	batch.Add(r.Bytes())
	_, err := engine.Append(&batch)
	require.NoError(t, err)

	listener, err := NewListener(engine, ListenerConfig{
		Targets: []TargetConfig{{Core: target, IgnoreLevel: true, Level: zapcore.DebugLevel, RetryStart: time.Millisecond, RetryMax: time.Millisecond}},
		OnError: func(error) {},
	})
	require.NoError(t, err)
	listener.Start()
	tried := func() bool {
		target.mu.Lock()
		defer target.mu.Unlock()
		return target.syncs >= 3
	}
	require.Eventually(t, tried, 10*time.Second, time.Millisecond)
	require.Zero(t, engine.acked())
	target.mu.Lock()
	target.down = false
	target.mu.Unlock()
	require.Eventually(t, func() bool { return engine.acked() == 1 }, 10*time.Second, time.Millisecond)
	require.NoError(t, listener.Stop())
}

// An idle queue syncs a target with unconfirmed records: its connection may have ended, and the next record may be far off.
func TestWhatIsNotConfirmedIsSeenToWhenAllIsQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := &confirming{Core: base.FromWriter(jsonEncoder(), zapcore.AddSync(io.Discard), nil), down: true}
		var told texts
		core := start(t, Config{Targets: Targets(target), OnError: told.add})
		write(t, core, zapcore.InfoLevel, "record")
		time.Sleep(35 * time.Second)
		target.mu.Lock()
		require.Equal(t, 3, target.syncs)
		target.down = false
		target.mu.Unlock()
		time.Sleep(time.Hour)
		target.mu.Lock()
		require.Equal(t, 4, target.syncs)
		require.Zero(t, target.pending)
		target.mu.Unlock()
		require.Equal(t, []string{"queuecore: target 0: the peer is away", "queuecore: target 0: working again, 0 records were lost"}, told.list())
	})
}
