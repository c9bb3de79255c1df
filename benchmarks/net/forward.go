package net

import (
	"bytes"
	"net"
	"testing"

	"github.com/fluent/fluent-logger-golang/fluent"

	"example.com/zaphandlers/benchmarks/suite"
	"example.com/zaphandlers/benchmarks/wire"
	"example.com/zaphandlers/internal/sockets"
	"example.com/zaphandlers/netcore"
)

// forward is a Formatter for what fluent-logger sends: a tag, an event time, a record.
var forward = netcore.Forward(netcore.ForwardConfig{Tag: "bench"})

// forwardRows are Fluent Forward beside fluent-logger, both without an answer, and both with one to each message.
func forwardRows(ours func(netcore.Config) wire.Opener) []suite.Row {
	plain, acked := ours(netcore.Config{Formatter: forward}), ours(netcore.Config{Formatter: forward, Ack: true})
	theirs, theirAcked := openFluent(fluent.Config{}), openFluent(fluent.Config{RequestAck: true})
	return []suite.Row{
		{Name: "netcore, Forward", Run: wire.Alone("tcp", plain)},
		{Name: "netcore, Forward and fluent-logger in turns", Run: wire.InTurns("tcp", plain, theirs)},
		{Name: "netcore, Forward, Ack", Run: suite.Calls(answered(acked))},
		{Name: "fluent-logger, RequestAck", N: 10_000, Run: suite.Calls(answered(theirAcked))},
		{Name: "netcore, Forward, Ack and fluent-logger, RequestAck in turns", N: 20_000,
			Run: suite.InTurns(suite.Side{Open: answered(acked)}, suite.Side{Open: answered(theirAcked)})},
	}
}

// openFluent posts a record a call.
func openFluent(cfg fluent.Config) wire.Opener {
	return func(b *testing.B, _, address string) (func() error, error) {
		f, data, err := newFluent(cfg, address)
		if err != nil {
			return nil, err
		}
		b.Cleanup(func() { _ = f.Close() })
		return func() error { return f.Post("bench", data) }, nil
	}
}

func newFluent(cfg fluent.Config, address string) (f *fluent.Fluent, data map[string]any, err error) {
	cfg.BufferLimit, cfg.SubSecondPrecision = 1<<20, true
	if cfg.FluentHost, cfg.FluentPort, err = hostPort(address); err != nil {
		return nil, nil, err
	}
	data = extras("")
	data["message"] = message
	f, err = fluent.New(cfg)
	return f, data, err
}

// answered opens what sends to a receiver that acknowledges each message, and reads no more of it than it must.
func answered(open wire.Opener) func(b *testing.B) (func() error, error) {
	return func(b *testing.B) (func() error, error) {
		p := sockets.Listen(b, "tcp", func(conn net.Conn) {
			var rest, answers []byte
			buf := make([]byte, 256<<10)
			for {
				n, err := conn.Read(buf[copy(buf, rest):])
				if err != nil {
					return
				}
				answers, rest = appendAnswers(answers[:0], buf[:len(rest)+n])
				if _, err := conn.Write(answers); err != nil {
					return
				}
				rest = rest[max(0, len(rest)-4096):]
			}
		})
		return open(b, "tcp", p.Address())
	}
}

// appendAnswers appends the answers to all messages in b, and returns what is left of b behind them.
func appendAnswers(answers, b []byte) (all, rest []byte) {
	for {
		_, chunk, ok := bytes.Cut(b, []byte("\xa5chunk"))
		head, size := chunkSize(chunk)
		if !ok || len(chunk) < head+size || size == 0 {
			return answers, b
		}
		answers = append(append(answers, "\x81\xa3ack"...), chunk[:head+size]...)
		b = chunk[head+size:]
	}
}

// chunkSize returns the sizes of a short text's head and of its bytes.
func chunkSize(b []byte) (head, size int) {
	switch {
	case len(b) < 2:
		return 0, 0
	case b[0] == 0xd9:
		return 2, int(b[1])
	default:
		return 1, int(b[0] & 31)
	}
}
