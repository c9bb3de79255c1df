package netcore

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
		{"lines", Config{}},
		{"records", Config{Formatter: Records()}},
		{"pickles", Config{Formatter: Pickle()}},
		{"GELF", Config{Formatter: GELF(GELFConfig{})}},
		{"forward", Config{Formatter: Forward(ForwardConfig{Tag: "shop"})}},
	} {
		t.Run(test.name, func(t *testing.T) {
			coretest.Run(t, coretest.Harness{
				New: func(t *testing.T, dst *coretest.Destination, opts coretest.Options) coretest.Core {
					cfg := test.cfg
					cfg.Address, cfg.Dial, cfg.Timeout = "destination:1", dst.Dial, dst.Deadline
					cfg.Level, cfg.OnError = opts.Level, opts.OnError
					core, err := New(cfg)
					require.NoError(t, err)
					return core
				},
			})
		})
	}
}
