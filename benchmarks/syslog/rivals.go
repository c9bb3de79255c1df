package syslog

import (
	"testing"

	"github.com/RackSec/srslog"

	"example.com/zaphandlers/internal/sockets"
)

// rival is srslog as its documentation says.
func rival(network string) opener {
	return func(b *testing.B) (func() error, error) {
		address, err := sockets.Sink(b, network)
		if err != nil {
			return nil, err
		}
		w, err := srslog.Dial(network, address, srslog.LOG_USER, "shop")
		if err != nil {
			return nil, err
		}
		b.Cleanup(func() { _ = w.Close() })
		w.SetFormatter(srslog.RFC5424Formatter)
		w.SetFramer(srslog.RFC5425MessageLengthFramer)
		return func() error { return w.Info(line) }, nil
	}
}
