//go:build !windows && !plan9

package net

import (
	"log/syslog"
	"testing"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/sockets"
)

// openSyslog is what people do: the same JSON through log/syslog.
func openSyslog(network string) opener {
	return func(b *testing.B) (func() error, error) {
		address, err := sockets.Sink(b, network)
		if err != nil {
			return nil, err
		}
		w, err := syslog.Dial(network, address, syslog.LOG_INFO|syslog.LOG_USER, "bench")
		if err != nil {
			return nil, err
		}
		b.Cleanup(func() { _ = w.Close() })
		return logging(zapcore.NewCore(encoder(), zapcore.AddSync(w), zapcore.DebugLevel)), nil
	}
}
