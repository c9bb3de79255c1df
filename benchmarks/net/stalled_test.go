//go:build unix

package net

import (
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"example.com/zaphandlers/netcore"
	"example.com/zaphandlers/queuecore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// TestLoggingCallBehindAQueueDoesNotFeelAStalledPeer logs for ten seconds, through a queue, to a peer that accepts and never
// reads. What the queue cannot hold is dropped and counted, and the call returns within a millisecond at p99.9.
func TestLoggingCallBehindAQueueDoesNotFeelAStalledPeer(t *testing.T) {
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	core, err := netcore.New(netcore.Config{Address: l.Addr().String(), Formatter: netcore.Records(), OnError: func(error) {}})
	require.NoError(t, err)
	queue, err := queuecore.New(queuecore.Config{
		Targets:  queuecore.Targets(core),
		MaxBytes: 1 << 20, Overflow: queuecore.DropNewest, DrainTimeout: 100 * time.Millisecond,
		OnError: func(error) {},
	})
	require.NoError(t, err)
	log, f := zap.New(queue, zap.ErrorOutput(zapcore.AddSync(io.Discard))), fields()

	idle := zap.New(zapcore.NewNopCore())
	var took, idleTook []time.Duration
	end := time.Now().Add(10 * time.Second)
	for pace := time.NewTicker(time.Millisecond); time.Now().Before(end); <-pace.C {
		for range 20 {
			start := time.Now()
			log.Info(message, f...)
			took = append(took, time.Since(start))
			start = time.Now()
			idle.Info(message, f...)
			idleTook = append(idleTook, time.Since(start))
		}
	}
	_ = queue.Close()
	_ = core.Close()

	slices.Sort(took)
	slices.Sort(idleTook)
	at := len(took) * 999 / 1000
	p999, idleP999 := took[at], idleTook[at]
	stats := queue.Stats()
	t.Logf("%d calls in 10 s: p50 %v, p99 %v, p99.9 %v, max %v; %v", len(took), took[len(took)/2], took[len(took)*99/100], p999, took[len(took)-1], stats)
	assert.LessOrEqual(t, p999, max(time.Millisecond, 2*idleP999), "on a machine that is busy even a call that does nothing takes %v", idleP999)
	assert.Zero(t, stats.Missing())
	assert.Positive(t, stats.Dropped+stats.Refused, "the peer was stalled")
}
