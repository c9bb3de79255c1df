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

// stalled is a queue in front of a peer that accepts and never reads.
func stalled(tb testing.TB) (*queuecore.Core, *zap.Logger) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	core, err := netcore.New(netcore.Config{Address: l.Addr().String(), Formatter: netcore.Records(), OnError: func(error) {}})
	require.NoError(tb, err)
	queue, err := queuecore.New(queuecore.Config{
		Targets:  queuecore.Targets(core),
		MaxBytes: 1 << 20, Overflow: queuecore.DropNewest, DrainTimeout: 100 * time.Millisecond,
		OnError: func(error) {},
	})
	require.NoError(tb, err)
	tb.Cleanup(func() {
		_ = queue.Close()
		_ = core.Close()
		l.Close()
	})
	return queue, zap.New(queue, zap.ErrorOutput(zapcore.AddSync(io.Discard)))
}

// TestAQueueBeforeAStalledPeerCounts: what the queue cannot hold is dropped and counted.
func TestAQueueBeforeAStalledPeerCounts(t *testing.T) {
	queue, log := stalled(t)
	for range 100_000 {
		log.Info(message, fields()...)
	}
	_ = queue.Close()
	stats := queue.Stats()
	assert.Zero(t, stats.Missing())
	assert.Positive(t, stats.Dropped+stats.Refused, "the peer was stalled")
	assert.Equal(t, uint64(100_000), stats.Accepted+stats.Refused)
}

// BenchmarkStalledPeer is what a logging call takes meanwhile, twenty calls a millisecond. For ten seconds of it:
//
//	go test -run '^$' -bench StalledPeer -benchtime 200000x ./net
func BenchmarkStalledPeer(b *testing.B) {
	_, log := stalled(b)
	f := fields()
	pace := time.NewTicker(time.Millisecond)
	defer pace.Stop()
	var took []time.Duration
	for b.Loop() {
		if len(took)%20 == 0 {
			<-pace.C
		}
		start := time.Now()
		log.Info(message, f...)
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	at := func(part float64) float64 { return float64(took[int(part*float64(len(took)-1))]) }
	b.ReportMetric(at(0.5), "p50-ns")
	b.ReportMetric(at(0.99), "p99-ns")
	b.ReportMetric(at(0.999), "p99.9-ns")
	b.ReportMetric(at(1), "max-ns")
}
