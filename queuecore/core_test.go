package queuecore

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/coretest"
)

func jsonEncoder() zapcore.Encoder {
	return zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
}

// harness is a queue in front of what target makes of a destination.
func harness(target func(*coretest.Destination, coretest.Options) zapcore.Core) coretest.Harness {
	return coretest.Harness{
		Async: true,
		New: func(t *testing.T, dst *coretest.Destination, opts coretest.Options) coretest.Core {
			core, err := New(Config{
				Level: opts.Level,
				Targets: []TargetConfig{{
					Core:       target(dst, opts),
					RetryStart: 10 * time.Millisecond,
				}},
				DrainTimeout: 500 * time.Millisecond,
				OnError:      opts.OnError,
			})
			require.NoError(t, err)
			return core
		},
	}
}

func TestQueueOfHandlerConforms(t *testing.T) {
	coretest.Run(t, harness(func(dst *coretest.Destination, opts coretest.Options) zapcore.Core {
		h, err := base.NewHandler(base.HandlerConfig{
			Name: "test", Encoder: jsonEncoder(), Emitter: dst.Emitter(), Backoff: base.Backoff{Start: 10 * time.Millisecond},
		})
		require.NoError(t, err)
		return h
	}))
}

func TestQueueOfForeignCoreConforms(t *testing.T) {
	coretest.Run(t, harness(func(dst *coretest.Destination, opts coretest.Options) zapcore.Core {
		return zapcore.NewCore(jsonEncoder(), dst.WriteSyncer(), zapcore.DebugLevel)
	}))
}

func TestQueueOfTwoTargetsConforms(t *testing.T) {
	coretest.Run(t, harness(func(dst *coretest.Destination, opts coretest.Options) zapcore.Core {
		return zapcore.NewTee(zapcore.NewNopCore(), base.FromWriter(jsonEncoder(), dst.WriteSyncer(), nil))
	}))
}
