package queue

import (
	"errors"
	"fmt"
	"io"
	gonet "net" // bounds.go has a net of its own
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/benchmarks/suite"
	"example.com/zaphandlers/netcore"
	"example.com/zaphandlers/queuecore"
	"example.com/zaphandlers/sysloghandler"
	base "example.com/zaphandlers/zapcore"
)

const (
	fanOutTable = "sustained, targets that have the same encoder"
	oneTarget   = "one: a file"
	fourTargets = "four: two files, TCP, syslog"
	fourFree    = "four, an encoder that costs nothing"
)

// fanOutTables: records/s kept by four targets beside one. The last row is what is left when encoding costs nothing at all: no way of
// encoding once for all of them can be faster.
func fanOutTables() []suite.Table {
	enc := base.NewJSON(zap.NewProductionEncoderConfig())
	return []suite.Table{{Name: fanOutTable, N: 100_000, Rows: []suite.Row{
		{Name: oneTarget, Run: func(b *testing.B) error { return fanOut(b, 1, enc) }},
		{Name: fourTargets, Run: func(b *testing.B) error { return fanOut(b, 4, enc) }},
		{Name: fourFree, Run: func(b *testing.B) error { return fanOut(b, 4, made{enc, aLine()}) }},
	}}}
}

var fanOutBounds = []suite.Bound{
	{Claim: "four targets with the same encoder, records/s of one target's", Of: value(fanOutTable+"/"+oneTarget, ""), Against: value(fanOutTable+"/"+fourTargets, ""), AtLeast: 0.7},
}

// made is an Encoder whose line for any record is there already.
type made struct {
	zapcore.Encoder
	line []byte
}

func (m made) Clone() zapcore.Encoder { return m }

func (m made) Append(dst []byte, _ *base.Record) ([]byte, error) { return append(dst, m.line...), nil }

func aLine() []byte {
	buf, err := jsonEncoder().EncodeEntry(entry(), fields())
	if err != nil {
		panic(err)
	}
	return buf.Bytes()
}

// fanOut logs b.N records through a queue to the first n of the targets, and waits until each has arrived at each.
func fanOut(b *testing.B, n int, enc zapcore.Encoder) (err error) {
	var targets []zapcore.Core
	var sinks []*sink
	defer func() {
		for _, s := range sinks {
			err = errors.Join(err, s.close())
		}
	}()
	for _, open := range []func(zapcore.Encoder) (zapcore.Core, *sink, error){toFile, toFile, toTCP, toSyslog}[:n] {
		core, s, err := open(enc)
		if err != nil {
			return err
		}
		targets, sinks = append(targets, core), append(sinks, s)
	}
	core, err := queuecore.New(queuecore.Config{Targets: queuecore.Targets(targets...), BlockTimeout: time.Minute})
	if err != nil {
		return err
	}
	log := zapCalls(core)
	b.ResetTimer()
	together(1, b.N, log)
	err = core.Close()
	for _, s := range sinks {
		s.drain(int64(b.N))
	}
	b.StopTimer()
	for i, s := range sinks {
		if arrived := s.lines.Load(); arrived != int64(b.N) {
			err = errors.Join(err, fmt.Errorf("target %d has got %d of %d", i, arrived, b.N))
		}
	}
	return err
}

func toFile(enc zapcore.Encoder) (zapcore.Core, *sink, error) {
	s, err := file()
	if err != nil {
		return nil, nil, err
	}
	return base.FromWriter(enc, zapcore.AddSync(s), nil), s, nil
}

func toTCP(enc zapcore.Encoder) (zapcore.Core, *sink, error) {
	return toReceiver(func(address string) (closer, error) {
		return netcore.New(netcore.Config{Address: address, Encoder: enc})
	})
}

func toSyslog(enc zapcore.Encoder) (zapcore.Core, *sink, error) {
	return toReceiver(func(address string) (closer, error) {
		return sysloghandler.New(sysloghandler.Config{Network: "tcp", Address: address, Encoder: enc, Framing: sysloghandler.Newline})
	})
}

type closer interface {
	zapcore.Core
	io.Closer
}

// toReceiver opens a Core that sends lines over TCP to a receiver that counts them.
func toReceiver(open func(address string) (closer, error)) (zapcore.Core, *sink, error) {
	l, err := gonet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	core, err := open(l.Addr().String())
	if err != nil {
		return nil, nil, errors.Join(err, l.Close())
	}
	s, _ := discard()
	s.close = func() error { return errors.Join(core.Close(), l.Close()) }
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.CopyBuffer(s, struct{ io.Reader }{conn}, make([]byte, 256<<10))
	}()
	return core, s, nil
}
