//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package queuecore

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
)

// confirmsLater is a target that takes records at once, and confirms them only when it may.
type confirmsLater struct {
	fakeBatchWriter
	asked    atomic.Int64
	confirms atomic.Bool
}

func (h *confirmsLater) Confirms() bool { return true }

func (h *confirmsLater) Sync() error {
	h.asked.Add(1)
	if !h.confirms.Load() {
		return errors.New("not confirmed")
	}
	return nil
}

// Records that come while a Spool waits for a confirmation are delivered too, even if the queue is closed meanwhile.
func TestSpoolThatIsClosedWhileItWaitsForConfirmation(t *testing.T) {
	target := &confirmsLater{}
	queue, err := New(Config{Spool: t.TempDir(), OnError: func(error) {}, Targets: []TargetConfig{{
		Core: target, Name: "confirmsLater", RetryStart: time.Millisecond, RetryMax: time.Millisecond}}})
	require.NoError(t, err)
	write(t, queue, zapcore.InfoLevel, "first")
	require.Eventually(t, func() bool { return target.asked.Load() > 2 }, 5*time.Second, time.Millisecond)
	write(t, queue, zapcore.InfoLevel, "second", "third")
	closed := make(chan error)
	go func() { closed <- queue.Close() }()
	require.Eventually(t, func() bool { return errors.Is(queue.Write(info("late"), nil), ErrClosed) }, 5*time.Second, time.Millisecond)
	asked := target.asked.Load()
	require.Eventually(t, func() bool { return target.asked.Load() > asked+2 }, 5*time.Second, time.Millisecond)
	target.confirms.Store(true)
	require.NoError(t, <-closed)
	taken := target.all()
	require.Equal(t, []string{"first", "second", "third"}, taken[:3])
	require.EqualValues(t, len(taken), queue.Stats().Delivered)
	require.EqualValues(t, len(taken), queue.Stats().Accepted)
}

// The same if the record that waits is one that the target does not want.
func TestSpoolThatIsClosedWhileItWaitsWithoutABatch(t *testing.T) {
	last := zapcore.Entry{Level: zapcore.PanicLevel, Message: "last"}
	for name, end := range map[string]func(*Core) error{
		"Close":             (*Core).Close,
		"a record of Panic": func(c *Core) error { return errors.Join(c.Write(last, nil), c.Close()) },
	} {
		t.Run(name, func(t *testing.T) {
			target := &confirmsLater{}
			queue, err := New(Config{Spool: t.TempDir(), OnError: func(error) {}, Targets: []TargetConfig{{
				Core: target, Level: zapcore.InfoLevel, RetryStart: time.Millisecond, RetryMax: time.Millisecond}}})
			require.NoError(t, err)
			write(t, queue, zapcore.DebugLevel, "unwanted")
			require.Eventually(t, func() bool { return target.asked.Load() > 2 }, 5*time.Second, time.Millisecond)
			write(t, queue, zapcore.InfoLevel, "first", "second")
			ended := make(chan error)
			go func() { ended <- end(queue) }()
			require.Eventually(t, func() bool {
				queue.queue.mu.Lock()
				defer queue.queue.mu.Unlock()
				return queue.queue.enqueuer.closed || len(queue.queue.targets[0].requests.pending) > 0
			}, 5*time.Second, time.Millisecond)
			asked := target.asked.Load()
			require.Eventually(t, func() bool { return target.asked.Load() > asked+2 }, 5*time.Second, time.Millisecond)
			target.confirms.Store(true)
			require.NoError(t, <-ended)
			taken := target.all()
			require.Equal(t, []string{"first", "second"}, taken[:2])
			require.EqualValues(t, len(taken), queue.Stats().Delivered)
			require.Zero(t, queue.Stats().Pending)
		})
	}
}
