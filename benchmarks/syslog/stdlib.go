//go:build !windows && !plan9

package syslog

import (
	stdsyslog "log/syslog"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/sockets"
)

func openSyslog(b *testing.B, network string) (*stdsyslog.Writer, error) {
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

// stdlib is log/syslog with a text that is ready.
func stdlib(network string) opener {
	return func(b *testing.B) (func() error, error) {
		w, err := openSyslog(b, network)
		return func() error { return w.Info(line) }, err
	}
}

// stdlibJSON is log/syslog as zap's users have it.
func stdlibJSON(network string) opener {
	return func(b *testing.B) (func() error, error) {
		w, err := openSyslog(b, network)
		if err != nil {
			return nil, err
		}
		log := zap.New(zapcore.NewCore(newJSON(), zapcore.AddSync(w), zapcore.DebugLevel))
		return func() error { log.Info(text, fields...); return nil }, nil
	}
}
