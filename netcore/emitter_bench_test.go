package netcore

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// BenchmarkEmitAlone is what the Emitter adds to a write: the connection takes everything at once.
func BenchmarkEmitAlone(b *testing.B) {
	near, far := net.Pipe()
	defer far.Close()
	e := newTestEmitter(b, "tcp", "nowhere:1", EmitterConfig{TrimNewline: true, Timeout: soon,
		Dial: func(context.Context, string, string) (net.Conn, error) { return greedyConn{near}, nil }})
	frame := []byte(strings.Repeat("x", 249) + "\n")
	b.ReportAllocs()
	for b.Loop() {
		if err := e.Emit(zapcore.Entry{}, frame); err != nil {
			b.Fatal(err)
		}
	}
}

// greedyConn takes whatever is written, and forgets it.
type greedyConn struct{ net.Conn }

func (greedyConn) Write(b []byte) (int, error) { return len(b), nil }

// newBenchBatch returns a batch of n records of ten fields, about 250 bytes each.
func newBenchBatch(n int) *base.Batch {
	batch := new(base.Batch)
	for i := range n {
		var r base.Record
		_ = r.Capture(entry("GET /orders/8273648 200 in a moment, from the shop in the old town"), base.Context{}, []zapcore.Field{
			zap.String("method", "GET"), zap.String("path", "/orders/8273648"), zap.Int("status", 200),
			zap.Duration("took", 1500*time.Microsecond), zap.String("user", "u-827364"), zap.Int("i", i),
			zap.String("trace", "4bf92f3577b34da6a3ce929d0e0e4736"), zap.Bool("cached", false)})
		batch.Add(r.Bytes())
	}
	return batch
}

// discardCore is a BatchWriter that counts and forgets.
type discardCore struct{ n atomic.Int64 }

func (c *discardCore) Enabled(zapcore.Level) bool                 { return true }
func (c *discardCore) With([]zapcore.Field) zapcore.Core          { return c }
func (c *discardCore) Write(zapcore.Entry, []zapcore.Field) error { return nil }
func (c *discardCore) Sync() error                                { return nil }
func (c *discardCore) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(e, c)
}
func (c *discardCore) WriteBatch(b *base.Batch) (int, error) {
	c.n.Add(int64(b.Len()))
	return b.Len(), nil
}
