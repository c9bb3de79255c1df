package net

import (
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/netcore"
	"example.com/zaphandlers/queuecore"
)

// openStalled returns a queue in front of a peer that accepts and never reads, and a logger.
func openStalled(tb testing.TB) (*queuecore.Core, *zap.Logger, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	tb.Cleanup(func() { _ = l.Close() })
	core, err := netcore.New(netcore.Config{Address: l.Addr().String(), Formatter: netcore.Records(), OnError: func(error) {}})
	if err != nil {
		return nil, nil, err
	}
	tb.Cleanup(func() { _ = core.Close() })
	queue, err := queuecore.New(queuecore.Config{
		Targets:  queuecore.Targets(core),
		MaxBytes: 1 << 20, Overflow: queuecore.DropNewest, DrainTimeout: 100 * time.Millisecond,
		OnError: func(error) {},
	})
	if err != nil {
		return nil, nil, err
	}
	tb.Cleanup(func() { _ = queue.Close() })
	return queue, zap.New(queue, zap.ErrorOutput(zapcore.AddSync(io.Discard))), nil
}

// stalled logs twenty times a millisecond and reports how long the slowest calls took.
func stalled(b *testing.B) error {
	queue, log, err := openStalled(b)
	if err != nil {
		return err
	}
	f := fields()
	pace := time.NewTicker(time.Millisecond)
	defer pace.Stop()
	took := make([]time.Duration, b.N)
	b.ResetTimer()
	for i := range took {
		if i%20 == 0 {
			<-pace.C
		}
		start := time.Now()
		log.Info(message, f...)
		took[i] = time.Since(start)
	}
	b.StopTimer()
	slices.Sort(took)
	at := func(part float64) float64 { return float64(took[int(part*float64(len(took)-1))]) }
	b.ReportMetric(at(0.5), "p50-ns")
	b.ReportMetric(at(0.99), "p99-ns")
	b.ReportMetric(at(0.999), "p99.9-ns")
	b.ReportMetric(at(1), "max-ns")
	stats := queue.Stats()
	b.ReportMetric(float64(stats.Dropped+stats.Refused)/float64(b.N), "dropped/op")
	return nil
}
