package syslog

import (
	"testing"

	"github.com/RackSec/srslog"
)

// rival is srslog as its documentation says.
func rival(b *testing.B, network, address string) (func() error, error) {
	w, err := srslog.Dial(network, address, srslog.LOG_USER, "shop")
	if err != nil {
		return nil, err
	}
	b.Cleanup(func() { _ = w.Close() })
	w.SetFormatter(srslog.RFC5424Formatter)
	w.SetFramer(srslog.RFC5425MessageLengthFramer)
	return func() error { return w.Info(line) }, nil
}
