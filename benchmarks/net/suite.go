package net

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/benchmarks/suite"
	"example.com/zaphandlers/benchmarks/wire"
	"example.com/zaphandlers/internal/sockets"
	"example.com/zaphandlers/netcore"
)

// Suite is the benchmarks of this package.
var Suite = suite.Suite{Name: "Net", Tables: tables(), Bounds: bounds}

func tables() []suite.Table {
	return []suite.Table{
		emit("tcp"),
		emit("udp"),
		emit("unixgram"),
		calls("tcp"),
		calls("udp"),
		{Name: "queue, tcp", N: 300_000, Rows: slices.Concat(
			[]suite.Row{{Name: "zap alone", Run: suite.Calls(nop)}, {Name: "framed by hand", N: 2_000_000, Run: framed}},
			queues,
			[]suite.Row{{Name: "log/syslog, JSON", N: 50_000, Run: wire.Alone("tcp", openSyslog)}})},
		{Name: "server, tcp", N: 200_000, Rows: servers},
		{Name: "stalled peer", N: 40_000, Rows: []suite.Row{{Name: "queue", Run: stalled}}},
	}
}

// soon is a bound for whatever must happen.
const soon = 20 * time.Second

const message = "GET /orders/8273648 200 in a moment"

// fields are what a service logs of a request: with the entry, about 250 bytes of JSON.
func fields() []zap.Field {
	return []zap.Field{
		zap.String("method", "GET"), zap.String("path", "/orders/8273648"), zap.Int("status", 200),
		zap.Duration("took", 1500*time.Microsecond), zap.String("user", "u-827364"), zap.Bool("cached", false),
		zap.String("trace", "4bf92f3577b34da6a3ce929d0e0e4736"),
	}
}

// encoder is zap's, and writes what netcore's default does.
func encoder() zapcore.Encoder {
	cfg := zap.NewProductionEncoderConfig()
	cfg.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	return zapcore.NewJSONEncoder(cfg)
}

// logging is a call of a logger over core.
func logging(core zapcore.Core) func() error {
	log, f := zap.New(core), fields()
	return func() error { log.Info(message, f...); return nil }
}

// nop is what zap itself costs.
func nop(*testing.B) (func() error, error) { return logging(new(counter)), nil }

// newCore returns a Core with a sink behind it, unless cfg has an address. What goes wrong fails b.
func newCore(b *testing.B, cfg netcore.Config) (*netcore.Core, error) {
	if cfg.Address == "" {
		var err error
		if cfg.Address, err = sockets.Sink(b, cmp.Or(cfg.Network, "tcp")); err != nil {
			return nil, err
		}
	}
	cfg.OnError = func(err error) { b.Error(err) }
	cfg.Timeout = soon
	core, err := netcore.New(cfg)
	if err == nil {
		b.Cleanup(func() { _ = core.Close() })
	}
	return core, err
}

// calls is a record a write, by each client.
func calls(network string) suite.Table {
	ours := func(cfg netcore.Config) wire.Opener {
		return func(b *testing.B, network, address string) (func() error, error) {
			own := cfg
			own.Network, own.Address = network, address
			core, err := newCore(b, own)
			if err != nil {
				return nil, err
			}
			return logging(core), nil
		}
	}
	json := ours(netcore.Config{})
	others := gelfRows(network, ours)
	if network == "tcp" {
		others = append(others, forwardRows(ours)...)
	}
	return suite.Table{Name: "call, " + network, N: 50_000, Rows: append([]suite.Row{
		{Name: "zap alone", Run: suite.Calls(nop)},
		{Name: "netcore, JSON", Run: wire.Alone(network, json)},
		{Name: "netcore, records", Run: wire.Alone(network, ours(netcore.Config{Formatter: netcore.Records()}))},
		{Name: "netcore, pickles", Run: wire.Alone(network, ours(netcore.Config{Formatter: netcore.Pickle()}))},
		{Name: "log/syslog, JSON", Run: wire.Alone(network, openSyslog)},
		{Name: "netcore and log/syslog in turns", Run: wire.InTurns(network, json, openSyslog)},
	}, append(others, rivals(network)...)...)}
}
