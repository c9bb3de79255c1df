package buffercore

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/coretest"
)

func jsonEncoder() zapcore.Encoder {
	return zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
}

func harness(cfg Config, target func(*coretest.Destination) zapcore.Core) coretest.Harness {
	return coretest.Harness{
		Async: true,
		New: func(t *testing.T, dst *coretest.Destination, opts coretest.Options) coretest.Core {
			cfg := cfg
			cfg.Target, cfg.Level, cfg.OnError = target(dst), opts.Level, opts.OnError
			core, err := New(cfg)
			require.NoError(t, err)
			return core
		},
	}
}

func handler(dst *coretest.Destination) zapcore.Core {
	h, err := base.NewHandler(base.HandlerConfig{Name: "test", Encoder: jsonEncoder(), Emitter: dst.Emitter()})
	if err != nil {
		panic(err)
	}
	return h
}

func TestBufferOfHandlerConforms(t *testing.T) {
	coretest.Run(t, harness(Config{}, handler))
}

func TestBufferThatNeverFillsConforms(t *testing.T) {
	coretest.Run(t, harness(Config{Capacity: 1 << 20, MaxBytes: 64 << 20, FlushLevel: zapcore.FatalLevel}, handler))
}

func TestBufferOfOneConforms(t *testing.T) {
	coretest.Run(t, harness(Config{Capacity: 1}, handler))
}

func TestBufferOfForeignCoreConforms(t *testing.T) {
	coretest.Run(t, harness(Config{}, func(dst *coretest.Destination) zapcore.Core {
		return zapcore.NewCore(jsonEncoder(), dst.WriteSyncer(), zapcore.DebugLevel)
	}))
}
