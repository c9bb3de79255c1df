//go:build !windows && !plan9

package net

import (
	"log/syslog"
	"testing"

	"go.uber.org/zap/zapcore"
)

// openSyslog is what people do: the same JSON through log/syslog.
func openSyslog(b *testing.B, network, address string) (func() error, error) {
	w, err := syslog.Dial(network, address, syslog.LOG_INFO|syslog.LOG_USER, "bench")
	if err != nil {
		return nil, err
	}
	b.Cleanup(func() { _ = w.Close() })
	return logging(zapcore.NewCore(encoder(), zapcore.AddSync(w), zapcore.DebugLevel)), nil
}
