package zapcore_test

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

// jsonFormatter is a Formatter that does what the encoder does.
type jsonFormatter struct{ enc zapcore.Encoder }

func (f jsonFormatter) Append(dst []byte, r *base.Record) ([]byte, error) {
	buf, err := r.Encode(f.enc)
	if err != nil {
		return dst, err
	}
	defer buf.Free()
	return append(dst, buf.Bytes()...), nil
}

func TestHandlerWithEncoderConforms(t *testing.T) {
	coretest.Run(t, coretest.Harness{New: func(t *testing.T, dst *coretest.Destination, opts coretest.Options) coretest.Core {
		h, err := base.NewHandler(base.HandlerConfig{
			Name: "test", Level: opts.Level, Encoder: jsonEncoder(), Emitter: dst.Emitter(),
			Report: base.NewReporter("test", opts.OnError),
		})
		require.NoError(t, err)
		return h
	}})
}

func TestHandlerWithFormatterConforms(t *testing.T) {
	coretest.Run(t, coretest.Harness{New: func(t *testing.T, dst *coretest.Destination, opts coretest.Options) coretest.Core {
		h, err := base.NewHandler(base.HandlerConfig{
			Name: "test", Level: opts.Level, Formatter: jsonFormatter{jsonEncoder()}, Emitter: dst.Emitter(),
		})
		require.NoError(t, err)
		return h
	}})
}

func TestFromWriterConforms(t *testing.T) {
	coretest.Run(t, coretest.Harness{New: func(t *testing.T, dst *coretest.Destination, opts coretest.Options) coretest.Core {
		return base.FromWriter(jsonEncoder(), dst.WriteSyncer(), opts.Level)
	}})
}

// hurriedEmitter counts the calls of Hurry.
type hurriedEmitter struct{ calls int }

func (e *hurriedEmitter) Emit(zapcore.Entry, []byte) error { return nil }
func (e *hurriedEmitter) Sync() error                      { return nil }
func (e *hurriedEmitter) Close() error                     { return nil }
func (e *hurriedEmitter) Hurry()                           { e.calls++ }

func TestAnEmitterIsHurriedForUrgentRecordsOnly(t *testing.T) {
	e := new(hurriedEmitter)
	h, err := base.NewHandler(base.HandlerConfig{Name: "test", Encoder: jsonEncoder(), Emitter: e})
	require.NoError(t, err)
	for level := zapcore.DebugLevel; level <= zapcore.FatalLevel; level++ {
		before := e.calls
		require.NoError(t, h.Write(zapcore.Entry{Level: level}, nil))
		require.Equal(t, level > zapcore.ErrorLevel, e.calls > before, level)
	}
}
