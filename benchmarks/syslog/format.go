package syslog

import (
	"testing"

	"github.com/RackSec/srslog"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/benchmarks/call"
	"example.com/zaphandlers/benchmarks/suite"
	"example.com/zaphandlers/sysloghandler"
	base "example.com/zaphandlers/zapcore"
)

var formats = []suite.Row{
	{Name: "capture", Run: suite.Calls(capture)},
	{Name: "RFC 5424", Run: suite.Calls(format(sysloghandler.RFC5424))},
	{Name: "RFC 3164", Run: suite.Calls(format(sysloghandler.RFC3164))},
	{Name: "zap JSON", Run: suite.Calls(encode)},
	{Name: "srslog, no fields", Run: suite.Calls(srslogFormat)},
	{Name: "record and RFC 5424, in turns with zap JSON", Run: recordInTurns(func() []zapcore.Field { return fields })},
	{Name: "record and RFC 5424, ten plain fields, in turns with zap JSON", Run: recordInTurns(call.Plain.Fields)},
	{Name: "record and RFC 5424, ten typical fields, in turns with zap JSON", Run: recordInTurns(call.Typical.Fields)},
}

// recordInTurns compares all that a Core does to make a message of fields with zap's encoder.
func recordInTurns(of func() []zapcore.Field) func(*testing.B) error {
	ours := func(*testing.B) (func() error, error) {
		formatter, err := sysloghandler.NewFormatter(sysloghandler.Config{Format: sysloghandler.RFC5424})
		r, ent, fields, buf := new(base.Record), entry(), of(), []byte(nil)
		return func() error {
			if err := r.Capture(ent, base.Context{}, fields); err != nil {
				return err
			}
			buf, err = formatter.Append(buf[:0], r)
			return err
		}, err
	}
	zaps := func(*testing.B) (func() error, error) {
		encoder, ent, fields := newJSON(), entry(), of()
		return func() error {
			buf, err := encoder.EncodeEntry(ent, fields)
			buf.Free()
			return err
		}, nil
	}
	return suite.InTurns(suite.Side{Open: ours}, suite.Side{Open: zaps})
}

func capture(*testing.B) (func() error, error) {
	ent := entry()
	r := base.GetRecord()
	return func() error { return r.Capture(ent, base.Context{}, fields) }, nil
}

func format(f sysloghandler.Format) func(*testing.B) (func() error, error) {
	return func(*testing.B) (func() error, error) {
		formatter, err := sysloghandler.NewFormatter(sysloghandler.Config{Format: f})
		if err != nil {
			return nil, err
		}
		r := base.GetRecord()
		err = r.Capture(entry(), base.Context{}, fields)
		tape := r.Bytes()
		var buf []byte
		return func() error {
			r.View(tape) // as of a record that comes from a queue
			buf, err = formatter.Append(buf[:0], r)
			return err
		}, err
	}
}

func encode(*testing.B) (func() error, error) {
	encoder, ent := newJSON(), entry()
	return func() error {
		buf, err := encoder.EncodeEntry(ent, fields)
		buf.Free()
		return err
	}, nil
}

func srslogFormat(*testing.B) (func() error, error) {
	return func() error {
		_ = srslog.RFC5425MessageLengthFramer(srslog.RFC5424Formatter(srslog.LOG_INFO|srslog.LOG_USER, "web7", "shop", text))
		return nil
	}, nil
}

// newJSON is zap's encoder with times to the nanosecond.
func newJSON() zapcore.Encoder {
	cfg := zap.NewProductionEncoderConfig()
	cfg.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	return zapcore.NewJSONEncoder(cfg)
}
