package syslog

import (
	"testing"

	"github.com/RackSec/srslog"

	"example.com/zaphandlers/benchmarks/suite"
	"example.com/zaphandlers/internal/sockets"
)

// rivals are the other clients, as their documentation says.
func rivals(network string) []suite.Row {
	return []suite.Row{{Name: "srslog", Run: suite.Calls(func(b *testing.B) (func() error, error) {
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
	})}}
}
