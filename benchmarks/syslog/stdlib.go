//go:build !windows && !plan9

package syslog

import (
	stdsyslog "log/syslog"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func openSyslog(b *testing.B, network, address string) (*stdsyslog.Writer, error) {
	w, err := stdsyslog.Dial(network, address, stdsyslog.LOG_USER, "shop")
	if err == nil {
		b.Cleanup(func() { _ = w.Close() })
	}
	return w, err
}

// stdlib is log/syslog with a text that is ready.
func stdlib(b *testing.B, network, address string) (func() error, error) {
	w, err := openSyslog(b, network, address)
	return func() error { return w.Info(line) }, err
}

// stdlibJSON is log/syslog as zap's users have it.
func stdlibJSON(b *testing.B, network, address string) (func() error, error) {
	w, err := openSyslog(b, network, address)
	if err != nil {
		return nil, err
	}
	log := zap.New(zapcore.NewCore(newJSON(), zapcore.AddSync(w), zapcore.DebugLevel))
	return func() error { log.Info(text, fields...); return nil }, nil
}
