package queuecore

import (
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// silentEngine does not say how many records it holds.
type silentEngine struct {
	*Memory
	answer chan struct{}
}

func (e silentEngine) Append(batch *base.Batch) (uint64, error) {
	if batch.Len() == 0 {
		<-e.answer
	}
	return e.Memory.Append(batch)
}

// Stop waits for StopTimeout, for the engine and for the targets together, and leaves the targets half of it.
func TestStopWaitsForStopTimeoutOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := silentEngine{NewMemory(0), make(chan struct{})}
		target := &fakeBatchWriter{gate: make(chan struct{}), entered: make(chan struct{}, 1)}
		l, err := NewListener(engine, ListenerConfig{Targets: Targets(target), StopTimeout: 4 * time.Second})
		require.NoError(t, err)
		var batch base.Batch
		var r base.Record
		require.NoError(t, r.Capture(zapcore.Entry{Message: "a"}, base.Context{}, nil))
		batch.Add(r.Bytes())
		_, err = engine.Append(&batch)
		require.NoError(t, err)
		l.Start()
		<-target.entered
		began := time.Now()
		require.ErrorIs(t, l.Stop(), os.ErrDeadlineExceeded)
		require.Equal(t, 4*time.Second, time.Since(began))

		l.Start()
		<-target.entered
		time.AfterFunc(3*time.Second, func() { close(target.gate) })
		began = time.Now()
		require.NoError(t, l.Stop())
		require.Equal(t, 3*time.Second, time.Since(began))
		close(engine.answer)
	})
}
