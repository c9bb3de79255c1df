package buffercore

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

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

// A ShouldFlush that logs about each record to its own buffer does not recurse for ever: from some depth on it is not called.
func TestAShouldFlushThatLogsToItsOwnBuffer(t *testing.T) {
	defer debug.SetMaxStack(debug.SetMaxStack(16 << 20)) // which ends the program soon
	target, logs := observer.New(zapcore.DebugLevel)
	var logger *zap.Logger
	var told []error
	core, err := New(Config{
		Target: target, OnError: func(err error) { told = append(told, err) },
		ShouldFlush: func(zapcore.Entry, int) bool { logger.Warn("asked"); return false },
	})
	require.NoError(t, err)
	logger = zap.New(core)
	logger.Info("record")
	require.Len(t, told, 1)
	require.ErrorIs(t, told[0], base.ErrNested)
	require.NoError(t, core.Close())
	require.LessOrEqual(t, logs.Len(), 4*runtime.NumCPU()+1)
	require.Equal(t, uint64(logs.Len()), core.Stats().Delivered)
}

// SetTarget refuses the buffer itself.
func TestABufferIsNotItsOwnTarget(t *testing.T) {
	target, logs := observer.New(zapcore.DebugLevel)
	var told []error
	core, err := New(Config{Target: target, OnError: func(err error) { told = append(told, err) }})
	require.NoError(t, err)
	recording := core.Begin()
	defer recording.End(false)
	for _, own := range []zapcore.Core{core, core.With([]zap.Field{zap.Int("a", 1)}), recording, zapcore.NewTee(target, zapcore.NewTee(target, core))} {
		core.SetTarget(own)
	}
	require.Len(t, told, 1, "the same each time")
	zap.New(core).Error("record")
	require.Equal(t, 1, logs.Len())
	require.NoError(t, core.Close())
}
