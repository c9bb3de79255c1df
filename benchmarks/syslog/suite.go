package syslog

import (
	"net"
	"runtime"
	"strconv"
	"testing"
	"time"

	"go.uber.org/multierr"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/benchmarks/suite"
	"example.com/zaphandlers/benchmarks/wire"
	"example.com/zaphandlers/internal/sockets"
	"example.com/zaphandlers/netcore"
	"example.com/zaphandlers/sysloghandler"
	base "example.com/zaphandlers/zapcore"
)

// Suite is the benchmarks of this package.
var Suite = suite.Suite{Name: "Syslog", Tables: tables(), Bounds: bounds}

func tables() []suite.Table {
	tables := []suite.Table{{Name: "format", N: 200_000, Rows: formats}}
	for _, network := range []string{"unixgram", "udp", "tcp"} {
		tables = append(tables, suite.Table{Name: "call, " + network, N: 50_000, Rows: []suite.Row{
			{Name: "sysloghandler", Run: wire.Alone(network, ours)},
			{Name: "log/syslog", Run: wire.Alone(network, stdlib)},
			{Name: "sysloghandler and log/syslog in turns", Run: wire.InTurns(network, ours, stdlib)},
			{Name: "log/syslog, zap JSON", Run: wire.Alone(network, stdlibJSON)},
			{Name: "srslog", Run: wire.Alone(network, rival)},
		}})
	}
	if runtime.GOOS == "linux" {
		tables = append(tables, suite.Table{Name: "journal", N: 50_000, Rows: journals()})
	}
	return append(tables, suite.Table{Name: "batch, tcp", N: 500_000, Rows: []suite.Row{
		{Name: "framed by hand", N: 2_000_000, Run: framed},
		{Name: "sysloghandler", Run: thousands(wholeBatch)},
		{Name: "sysloghandler, SequenceID", Run: thousands(numberedBatch)},
		{Name: "sysloghandler, RELP", Run: thousands(relpBatch)},
		{Name: "ready messages", N: 2_000_000, Run: thousands(readyBatch)},
		{Name: "log/syslog", N: 50_000, Run: wire.Alone("tcp", stdlib)},
		{Name: "log/syslog and sysloghandler in turns", N: 50_000, Run: byThousand(wholeBatch)},
		{Name: "log/syslog and sysloghandler, RELP, in turns", N: 50_000, Run: byThousand(relpBatch)},
		{Name: "log/syslog and ready messages in turns", N: 50_000, Run: byThousand(readyBatch)},
	}})
}

const (
	text = "order taken: the customer was sent a confirmation, the stock was updated and the invoice is on its way"
	line = text + ` method=POST path=/api/v1/orders status=201 took=1.534ms` // what a rival without fields logs
)

var fields = []zapcore.Field{
	zap.String("method", "POST"), zap.String("path", "/api/v1/orders"), zap.Int("status", 201), zap.Duration("took", 1534*time.Microsecond),
}

func entry() zapcore.Entry {
	return zapcore.Entry{Level: zapcore.InfoLevel, Time: time.Now(), LoggerName: "orders", Message: text}
}

// soon is a bound for whatever must happen.
const soon = 20 * time.Second

// message is what the core sends for entry and fields.
func message() ([]byte, error) {
	var conn tape
	core, err := sysloghandler.New(sysloghandler.Config{Dial: conn.dial})
	if err != nil {
		return nil, err
	}
	err = core.Write(entry(), fields)
	return conn.last, multierr.Append(err, core.Close())
}

func newCore(b *testing.B, cfg sysloghandler.Config) (_ *sysloghandler.Core, err error) {
	if cfg.Address == "" {
		if cfg.Address, err = sockets.Sink(b, cfg.Network); err != nil {
			return nil, err
		}
	}
	if cfg.Network != "journal" {
		cfg.Format = sysloghandler.RFC5424
	}
	cfg.Timeout, cfg.OnError = soon, func(err error) { b.Error(err) }
	core, err := sysloghandler.New(cfg)
	if err == nil {
		b.Cleanup(func() { _ = core.Close() })
	}
	return core, err
}

func newEmitter(b *testing.B, network string) (*netcore.Emitter, error) {
	address, err := sockets.Sink(b, network)
	if err != nil {
		return nil, err
	}
	e, err := netcore.NewEmitter(netcore.EmitterConfig{Network: network, Address: address, Framing: netcore.OctetCounting,
		Timeout: soon, Report: base.NewReporter("", func(err error) { b.Error(err) })})
	if err == nil {
		b.Cleanup(func() { _ = e.Close() })
	}
	return e, err
}

func dial(b *testing.B, network string) (net.Conn, error) {
	address, err := sockets.Sink(b, network)
	if err != nil {
		return nil, err
	}
	conn, err := net.Dial(network, address)
	if err == nil {
		b.Cleanup(func() { _ = conn.Close() })
	}
	return conn, err
}

// ours is a logger over a Core that writes each record by itself.
func ours(b *testing.B, network, address string) (func() error, error) {
	core, err := newCore(b, sysloghandler.Config{Network: network, Address: address})
	if err != nil {
		return nil, err
	}
	log := zap.New(core)
	return func() error { log.Info(text, fields...); return nil }, nil
}

// framed frames one message again and again into 64 KiB writes.
func framed(b *testing.B) error {
	const chunk = 64 << 10
	frame, err := message()
	if err != nil {
		return err
	}
	conn, err := dial(b, "tcp")
	if err != nil {
		return err
	}
	head := strconv.Itoa(len(frame)) + " "
	buf := make([]byte, 0, chunk)
	b.ResetTimer()
	for range b.N {
		if len(buf)+len(head)+len(frame) > chunk {
			if _, err := conn.Write(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
		buf = append(append(buf, head...), frame...)
	}
	_, err = conn.Write(buf)
	b.StopTimer()
	return err
}
