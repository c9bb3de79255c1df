package net

import (
	"context"
	"net"
	"strings"
	"testing"

	"go.uber.org/multierr"

	"example.com/zaphandlers/benchmarks/suite"
	"example.com/zaphandlers/internal/sockets"
	"example.com/zaphandlers/netcore"
	"example.com/zaphandlers/queuecore"
)

// queues are the ways through a queue to a socket. Sustained: one producer and everything behind it share the machine.
var queues = []suite.Row{
	{Name: "records, sustained", Run: queued(netcore.Config{Formatter: netcore.Records()}, false)},
	{Name: "records, backlog", Run: queued(netcore.Config{Formatter: netcore.Records()}, true)},
	{Name: "JSON, sustained", Run: queued(netcore.Config{}, false)},
	{Name: "JSON, backlog", Run: queued(netcore.Config{}, true)},
	{Name: "Forward, sustained", Run: queued(netcore.Config{Formatter: forward}, false)},
}

// queued logs through a queue and closes it. With a backlog, the connection is opened, and the clock started, when all is in
// the queue.
func queued(cfg netcore.Config, backlog bool) func(b *testing.B) error {
	return func(b *testing.B) error {
		gate := make(chan struct{})
		own := cfg
		own.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			<-gate
			return new(net.Dialer).DialContext(ctx, network, address)
		}
		core, err := newCore(b, own)
		if err != nil {
			return err
		}
		queue, err := queuecore.New(queuecore.Config{
			Targets:      queuecore.Targets(core),
			MaxBytes:     256 << 20,
			DrainTimeout: soon,
			OnError:      func(err error) { b.Error(err) },
		})
		if err != nil {
			return err
		}
		call := logging(queue)
		b.ResetTimer()
		if !backlog {
			close(gate)
		}
		for range b.N {
			_ = call()
		}
		if backlog {
			b.ResetTimer()
			close(gate)
		}
		err = queue.Close()
		b.StopTimer()
		b.ReportMetric(1-float64(core.Stats().Delivered)/float64(b.N), "lost/op")
		return err
	}
}

// framed frames 250 bytes again and again into 64 KiB writes.
func framed(b *testing.B) error {
	const chunk = 64 << 10
	address, err := sockets.Sink(b, "tcp")
	if err != nil {
		return err
	}
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	payload := []byte(strings.Repeat("x", 250))
	buf := make([]byte, 0, chunk)
	b.ResetTimer()
	for range b.N {
		if len(buf)+4+len(payload) > chunk {
			if _, err := conn.Write(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
		buf = netcore.LengthPrefix.Append(buf, payload)
	}
	_, err = conn.Write(buf)
	b.StopTimer()
	return multierr.Append(err, conn.Close())
}
