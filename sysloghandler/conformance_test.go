package sysloghandler

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/zapcore/coretest"
)

func TestConformance(t *testing.T) {
	for _, test := range []struct {
		name string
		cfg  Config
	}{
		{"RFC 5424", Config{}},
		{"RFC 5424 numbered", Config{SequenceID: true, Framing: Newline}},
		{"Python's form", Config{Format: Python}},
	} {
		t.Run(test.name, func(t *testing.T) {
			coretest.Run(t, coretest.Harness{
				New: func(t *testing.T, dst *coretest.Destination, opts coretest.Options) coretest.Core {
					cfg := test.cfg
					cfg.Network, cfg.Dial, cfg.Timeout = "tcp", dst.Dial, dst.Deadline
					cfg.Level, cfg.OnError, cfg.RetryStart = opts.Level, opts.OnError, opts.RetryStart
					core, err := New(cfg)
					require.NoError(t, err)
					return core
				},
			})
		})
	}
}
