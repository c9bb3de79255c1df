package netcore

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// BenchmarkEmit compares a ready frame of 250 bytes through the Emitter with the bare system call, in the same run and taking
// turns, so that whatever else the machine does falls on both.
func BenchmarkEmit(b *testing.B) {
	for _, network := range []string{"tcp", "udp", "unixgram"} {
		address := sink(b, network)
		frame := []byte(strings.Repeat("x", 249) + "\n")
		conn, err := net.Dial(network, address)
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		e := newTestEmitter(b, network, address, EmitterConfig{TrimNewline: true, Timeout: soon})
		raw := func() {
			if _, err := conn.Write(frame); err != nil {
				b.Fatal(err)
			}
		}
		emit := func() {
			if err := e.Emit(zapcore.Entry{}, frame); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(network, func(b *testing.B) {
			var rawTimes, emitTimes []time.Duration
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%2 == 0 { // whoever is second finds a reader that is awake
					rawTimes, emitTimes = append(rawTimes, turn(raw)), append(emitTimes, turn(emit))
				} else {
					emitTimes, rawTimes = append(emitTimes, turn(emit)), append(rawTimes, turn(raw))
				}
			}
			reportRatio(b, "emit", emitTimes, "raw", rawTimes, turns)
		})
	}
}

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

// turns is how often a side does its work before it is the other's turn.
const turns = 20

func turn(f func()) time.Duration {
	start := time.Now()
	for range turns {
		f()
	}
	return time.Since(start)
}

// reportRatio reports the medians of both sides, for one of n pieces of work, and their ratio. A median does not mind the moments
// in which the machine did something else.
func reportRatio(b *testing.B, what string, times []time.Duration, floor string, floors []time.Duration, n float64) {
	slices.Sort(times)
	slices.Sort(floors)
	x, y := float64(times[len(times)/2])/n, float64(floors[len(floors)/2])/n
	b.ReportMetric(x, what+"-ns")
	b.ReportMetric(y, floor+"-ns")
	b.ReportMetric(x/y, "ratio")
	b.ReportMetric(0, "ns/op")
}

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

// BenchmarkBatch compares WriteBatch of 1,000 records with framing the same bytes into 64 KiB writes by hand.
func BenchmarkBatch(b *testing.B) {
	const records = 1000
	batch := newBenchBatch(records)
	address := sink(b, "tcp")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	core := newCore(b, Config{Address: address, Formatter: Records(), OnError: never(b)})
	buf := make([]byte, 0, chunk+1024)
	floor := func() {
		for i := range records {
			if len(buf)+len(batch.Tape(i)) > chunk {
				_, _ = conn.Write(buf)
				buf = buf[:0]
			}
			buf = LengthPrefix.Append(buf, batch.Tape(i))
		}
		_, _ = conn.Write(buf)
		buf = buf[:0]
	}
	var floors, batches []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		floor()
		middle := time.Now()
		if n, err := core.WriteBatch(batch); n != records {
			b.Fatal(err)
		}
		floors = append(floors, middle.Sub(start))
		batches = append(batches, time.Since(middle))
	}
	reportRatio(b, "batch", batches, "floor", floors, records)
}

// BenchmarkServer sends records of 250 bytes in batches to a Server in this process and waits until all are in the target.
func BenchmarkServer(b *testing.B) {
	for _, test := range []struct {
		name   string
		client Config
		server ServerConfig
	}{
		{"records", Config{Formatter: Records()}, ServerConfig{Format: FormatRecords}},
		{"records acknowledged", Config{Formatter: Records(), Ack: true}, ServerConfig{Format: FormatRecords, Ack: true}},
		{"records signed", Config{Formatter: Records(), Key: testKey}, ServerConfig{Format: FormatRecords, Key: testKey}},
		{"pickles", Config{Formatter: Pickle()}, ServerConfig{Format: FormatPickle}},
	} {
		b.Run(test.name, func(b *testing.B) {
			const records = 1000
			var target discardCore
			test.server.Target = &target
			s := serve(b, test.server)
			test.client.Address, test.client.OnError = s.Addr().String(), never(b)
			core := newCore(b, test.client)
			batch := newBenchBatch(records)
			b.ReportAllocs()
			var sent int64
			start := time.Now()
			for b.Loop() {
				if n, err := core.WriteBatch(batch); n != records {
					b.Fatal(err)
				}
				sent += records
			}
			for target.n.Load() < sent {
				<-time.After(time.Millisecond)
			}
			b.ReportMetric(float64(sent)/time.Since(start).Seconds(), "records/s")
			b.ReportMetric(float64(s.Stats().Missing()), "lost")
			b.SetBytes(int64(len(batch.Tape(0)) * records))
		})
	}
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
