package net

import (
	"context"
	"net"
	"strings"
	"testing"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/benchmarks/suite"
	"example.com/zaphandlers/benchmarks/wire"
	"example.com/zaphandlers/internal/sockets"
	"example.com/zaphandlers/netcore"
	base "example.com/zaphandlers/zapcore"
)

// emit compares a ready frame through the Emitter with the bare system call.
func emit(network string) suite.Table {
	return suite.Table{Name: "emit, " + network, N: 100_000, Rows: []suite.Row{
		{Name: "write", Run: wire.Alone(network, openWrite)},
		{Name: "Emitter", Run: wire.Alone(network, openEmitter(nil))},
		{Name: "Emitter and write in turns", Run: emitInTurns(network)},
	}}
}

var frame = []byte(strings.Repeat("x", 249) + "\n")

func openWrite(b *testing.B, network, address string) (func() error, error) {
	conn, err := net.Dial(network, address)
	if err != nil {
		return nil, err
	}
	b.Cleanup(func() { _ = conn.Close() })
	return writing(conn), nil
}

func writing(conn net.Conn) func() error {
	return func() error { _, err := conn.Write(frame); return err }
}

// openEmitter opens an Emitter, over a connection that is there if dial says so.
func openEmitter(dial func(context.Context, string, string) (net.Conn, error)) wire.Opener {
	return func(b *testing.B, network, address string) (func() error, error) {
		e, err := netcore.NewEmitter(netcore.EmitterConfig{Network: network, Address: address, Dial: dial, TrimNewline: true,
			Timeout: soon, Report: base.NewReporter("", func(err error) { b.Error(err) })})
		if err != nil {
			return nil, err
		}
		b.Cleanup(func() { _ = e.Close() })
		return func() error { return e.Emit(zapcore.Entry{}, frame) }, nil
	}
}

// emitInTurns has both write to one connection: two of a kind differ more than what an Emitter adds to a write.
func emitInTurns(network string) func(b *testing.B) error {
	return func(b *testing.B) error {
		address, err := sockets.Sink(b, network)
		if err != nil {
			return err
		}
		conn, err := net.Dial(network, address)
		if err != nil {
			return err
		}
		emitter := openEmitter(func(context.Context, string, string) (net.Conn, error) { return conn, nil })
		return suite.InTurns(
			suite.Side{Open: func(b *testing.B) (func() error, error) { return emitter(b, network, address) }},
			suite.Side{Open: func(*testing.B) (func() error, error) { return writing(conn), nil }},
		)(b)
	}
}
