package zapcore_test

import (
	"errors"
	"runtime"
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

// Many at a time are none within another.
func TestAHookThatIsCalledManyTimesAtOnce(t *testing.T) {
	var n base.Nesting
	callers := 4*runtime.NumCPU() + 50 // so many that the stack is looked at
	inside, leave := make(chan error, callers), make(chan struct{})
	for range callers {
		go func() {
			inside <- n.Enter()
			<-leave
			n.Leave()
		}()
	}
	for range callers {
		require.NoError(t, <-inside)
	}
	close(leave)
}

// holdingEmitter takes frames and delivers them at Sync. It refuses those of a certain message.
type holdingEmitter struct {
	held, delivered int
}

func (e *holdingEmitter) Emit(ent zapcore.Entry, _ []byte) error {
	if ent.Message == "too large" {
		return &base.RejectedError{Indexes: []int{0}, Err: errors.New("too large")}
	}
	e.held++
	return nil
}

func (e *holdingEmitter) Sync() error {
	e.delivered, e.held = e.delivered+e.held, 0
	return nil
}

func (e *holdingEmitter) Close() error { return e.Sync() }

// refusingFormatter cannot format a certain message.
type refusingFormatter struct{ jsonFormatter }

func (f refusingFormatter) Append(dst []byte, r *base.Record) ([]byte, error) {
	if r.Entry().Message == "odd" {
		return dst, errors.New("cannot be formatted")
	}
	return f.jsonFormatter.Append(dst, r)
}

// The program ends after a record above Error though that is refused: what the destination holds is delivered before its Write returns.
func TestWhatIsHeldIsSyncedThoughTheLastRecordIsRefused(t *testing.T) {
	for _, message := range []string{"odd", "too large", "taken"} {
		for _, batch := range []bool{false, true} {
			e := &holdingEmitter{}
			h, err := base.NewHandler(base.HandlerConfig{
				Name: "test", Emitter: e, Formatter: refusingFormatter{jsonFormatter{jsonEncoder()}}, Report: base.NewReporter("test", func(error) {}),
			})
			require.NoError(t, err)
			require.NoError(t, h.Write(zapcore.Entry{Message: "before"}, nil))
			ent := zapcore.Entry{Level: zapcore.FatalLevel, Message: message}
			if batch {
				var r base.Record
				var b base.Batch
				require.NoError(t, r.Capture(ent, base.Context{}, nil))
				b.Add(r.Bytes())
				_, err = h.WriteBatch(&b)
			} else {
				err = h.Write(ent, nil)
			}
			require.Equal(t, message == "taken", err == nil)
			require.Zero(t, e.held, "%s %v", message, batch)
			require.NotZero(t, e.delivered)
			require.NoError(t, h.Close())
		}
	}
}
