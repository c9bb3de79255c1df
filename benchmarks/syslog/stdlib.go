//go:build !windows && !plan9

package syslog

import (
	stdsyslog "log/syslog"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/benchmarks/suite"
	"example.com/zaphandlers/internal/sockets"
)

// stdlib is log/syslog with a text that is ready, and as zap's users have it.
func stdlib(network string) []suite.Row {
	open := func(b *testing.B) (*stdsyslog.Writer, error) {
		address, err := sockets.Sink(b, network)
		if err != nil {
			return nil, err
		}
		w, err := stdsyslog.Dial(network, address, stdsyslog.LOG_USER, "shop")
		if err == nil {
			b.Cleanup(func() { _ = w.Close() })
		}
		return w, err
	}
	return []suite.Row{
		{Name: "log/syslog", Run: suite.Calls(func(b *testing.B) (func() error, error) {
			w, err := open(b)
			return func() error { return w.Info(line) }, err
		})},
		{Name: "log/syslog, zap JSON", Run: suite.Calls(func(b *testing.B) (func() error, error) {
			w, err := open(b)
			if err != nil {
				return nil, err
			}
			log := zap.New(zapcore.NewCore(newJSON(), zapcore.AddSync(w), zapcore.DebugLevel))
			return func() error { log.Info(text, fields...); return nil }, nil
		})},
	}
}
