package queuecore

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

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

// counted is a Stringer that counts how often it is asked.
type counted struct{ asked int }

func (c *counted) String() string {
	c.asked++
	return "text"
}

// On every path of a Write, each Stringer and error is called once.
func TestWhatIsLoggedIsAskedOnce(t *testing.T) {
	core := start(t, Config{Targets: Targets(nopCore{zapcore.DebugLevel})})
	long := strings.Repeat("x", 1000)
	for i := range 1000 { // some stand at the end of a block
		var c counted
		fields := []zapcore.Field{zap.Stringer("s", &c), zap.String("long", long)}
		switch i % 10 {
		case 0:
			fields = append(fields, zap.Any("k", struct{}{}))
		case 1:
			fields = append(fields, zap.Error(verboseError{}), zap.Stringer("last", &counted{}))
		case 2:
			fields = append(fields, zap.Stringers("list", []*counted{{}}))
		case 3:
			core.queue.enqueuer.contended.Store(true)
		}
		require.NoError(t, core.Write(info("record"), fields))
		require.Equal(t, 1, c.asked)
	}
}

// verboseError is an error of which zap writes more than its text.
type verboseError struct{}

func (verboseError) Error() string                 { return "short" }
func (verboseError) Format(s fmt.State, verb rune) { _, _ = io.WriteString(s, "long") }

// A Prepare that logs about each record to its own queue does not recurse for ever: from some depth on the records are refused.
func TestAPrepareThatLogsToItsOwnQueue(t *testing.T) {
	defer debug.SetMaxStack(debug.SetMaxStack(16 << 20)) // which ends the program soon
	target, logs := observer.New(zapcore.DebugLevel)
	var logger *zap.Logger
	core, err := New(Config{Targets: Targets(target), Prepare: func(_ *zapcore.Entry, fields []zapcore.Field) ([]zapcore.Field, bool) {
		logger.Warn("odd")
		return fields, true
	}})
	require.NoError(t, err)
	logger = zap.New(core, zap.ErrorOutput(zapcore.AddSync(io.Discard)))
	logger.Info("record")
	require.NoError(t, core.Sync())
	require.LessOrEqual(t, logs.Len(), 4*runtime.NumCPU())
	require.Equal(t, 1, logs.FilterMessage("record").Len())
	require.Equal(t, uint64(1), core.Stats().Refused)
	require.NoError(t, core.Close())
}
