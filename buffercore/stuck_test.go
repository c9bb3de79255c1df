package buffercore

import (
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// oddCore is a target of which one method does something odd.
type oddCore struct {
	method string
	odd    func()
	mu     sync.Mutex
	seen   []string
}

func (o *oddCore) at(method string) {
	if o.method == method {
		o.odd()
	}
}

func (o *oddCore) Enabled(zapcore.Level) bool        { o.at("Enabled"); return true }
func (o *oddCore) With([]zapcore.Field) zapcore.Core { return o }
func (o *oddCore) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	o.at("Check")
	return ce.AddCore(ent, o)
}
func (o *oddCore) Write(ent zapcore.Entry, _ []zapcore.Field) error {
	o.at("Write")
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen = append(o.seen, strings.Clone(ent.Message))
	return nil
}
func (o *oddCore) Sync() error  { o.at("Sync"); return nil }
func (o *oddCore) Flush() error { o.at("Flush"); return nil }

// oddBatches is one that is a BatchWriter.
type oddBatches struct{ *oddCore }

func (o oddBatches) WriteBatch(b *base.Batch) (int, error) {
	o.at("WriteBatch")
	for i := range b.Len() {
		_ = o.oddCore.Write(b.At(i).Entry(), nil)
	}
	return b.Len(), nil
}

func within10s(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		require.FailNow(t, "it does not come back")
	}
}

// TestNothingHangsOnATargetThatNeverReturns holds that every call has a bound, except the Write that is inside the target.
func TestNothingHangsOnATargetThatNeverReturns(t *testing.T) {
	for _, method := range []string{"Enabled", "Check", "Write", "WriteBatch", "Sync", "Flush"} {
		for _, interval := range []time.Duration{0, time.Millisecond} {
			t.Run(method, func(t *testing.T) {
				stuck := make(chan struct{})
				defer close(stuck)
				var entered atomic.Bool
				odd := &oddCore{method: method, odd: func() { entered.Store(true); <-stuck }}
				target := zapcore.Core(odd)
				if method == "WriteBatch" {
					target = oddBatches{odd}
				}
				core, err := New(Config{
					Target: target, MaxBytes: minBytes, FlushInterval: interval,
					DrainTimeout: 20 * time.Millisecond, FatalTimeout: 20 * time.Millisecond, OnError: func(error) {},
				})
				require.NoError(t, err)
				write(t, core, zapcore.InfoLevel, "first")
				go func() { _ = core.Write(zapcore.Entry{Level: zapcore.ErrorLevel, Message: "flushes"}, nil) }()
				if method != "Sync" {
					require.Eventually(t, entered.Load, 5*time.Second, time.Millisecond)
				}
				within10s(t, func() {
					for range 100 {
						_ = core.Write(zapcore.Entry{Message: strings.Repeat("x", 200)}, nil)
					}
					_ = core.Stats()
					_ = core.Write(zapcore.Entry{Level: zapcore.FatalLevel, Message: "last words"}, nil)
					require.ErrorIs(t, core.Sync(), os.ErrDeadlineExceeded)
					core.SetTarget(target)
					r := core.Begin()
					_ = r.Write(zapcore.Entry{Message: "kept"}, nil)
					r.End(true)
					_ = core.Close()
					_ = core.Stats()
				})
				require.Zero(t, core.Stats().Missing())
				require.Zero(t, core.Stats().Pending)
				require.ErrorIs(t, core.Write(zapcore.Entry{}, nil), ErrClosed)
			})
		}
	}
}

// TestNothingThatIsNotOursEndsTheProgram makes each hook and each method of a target panic, in a Write and on the timer.
func TestNothingThatIsNotOursEndsTheProgram(t *testing.T) {
	for _, method := range []string{
		"Enabled", "Check", "Write", "WriteBatch", "Sync", "Flush",
		"Config.Level", "Config.FlushLevel", "Config.ShouldFlush", "Config.OnError",
	} {
		for _, interval := range []time.Duration{0, time.Millisecond} {
			t.Run(method, func(t *testing.T) {
				var armed atomic.Bool
				panics := func() {
					if armed.Load() {
						panic(method)
					}
				}
				odd := &oddCore{method: method, odd: panics}
				target := zapcore.Core(odd)
				if method == "WriteBatch" {
					target = oddBatches{odd}
				}
				level := func(field string, otherwise bool) zapcore.LevelEnabler {
					return zap.LevelEnablerFunc(func(l zapcore.Level) bool {
						if field == method {
							panics()
						}
						return otherwise || l >= zapcore.ErrorLevel
					})
				}
				core, err := New(Config{
					Target: target, FlushInterval: interval, Level: level("Config.Level", true), FlushLevel: level("Config.FlushLevel", false),
					ShouldFlush: func(zapcore.Entry, int) bool {
						if method == "Config.ShouldFlush" {
							panics()
						}
						return false
					},
					OnError: func(error) {
						if method == "Config.OnError" {
							panics()
						}
					},
				})
				require.NoError(t, err)
				armed.Store(true)
				logger := zap.New(core)
				for range 20 {
					logger.Info("message")
					logger.Error("message")
				}
				r := core.Begin()
				zap.New(r).Error("of a recording")
				r.End(false)
				_ = core.Level()
				_ = core.Sync()
				armed.Store(false)
				logger.Info("last")
				within10s(t, func() { _ = core.Close() })
				require.Zero(t, core.Stats().Missing())
				require.Zero(t, core.Stats().Pending)
				require.True(t, slices.Contains(odd.seen, "last"))
			})
		}
	}
}

func TestARejectionIsNoRecovery(t *testing.T) {
	var said []error
	target := &rejecting{batchTarget: batchTarget{Core: zapcore.NewNopCore(), left: -1}}
	core := open(t, Config{Target: target, OnError: func(err error) { said = append(said, err) }})
	for range 3 {
		write(t, core, zapcore.ErrorLevel, "bad")
	}
	recovered := func() (r *base.RecoveredError) {
		for _, err := range said {
			errors.As(err, &r)
		}
		return r
	}
	require.Nil(t, recovered(), "every request was refused")
	target.mended = true
	write(t, core, zapcore.ErrorLevel, "good")
	require.NotNil(t, recovered())
	require.Equal(t, uint64(3), recovered().Records)
}

type rejecting struct {
	batchTarget
	mended bool
}

func (r *rejecting) WriteBatch(b *base.Batch) (int, error) {
	if r.mended {
		return r.batchTarget.WriteBatch(b)
	}
	all := &base.RejectedError{Err: errors.New("401 Unauthorized")}
	for i := range b.Len() {
		all.Indexes = append(all.Indexes, i)
	}
	return b.Len(), all
}

// heldBy names, for each field of Config, the test of its effect. A new field needs a line here.
var heldBy = map[string]string{
	"Target":         "TestWhenItFlushes",
	"Level":          "TestBufferOfHandlerConforms",
	"IgnoreLevel":    "TestTargetLevels",
	"Capacity":       "TestWhenItFlushes",
	"MaxBytes":       "TestWhenItFlushes",
	"FlushLevel":     "TestWhenItFlushes",
	"ShouldFlush":    "TestWhenItFlushes",
	"FlushInterval":  "TestFlushInterval",
	"DrainTimeout":   "TestNothingHangsOnATargetThatNeverReturns",
	"FatalTimeout":   "TestNothingHangsOnATargetThatNeverReturns",
	"DiscardOnClose": "TestWhenItFlushes",
	"RecordingBytes": "TestRecordingIsBounded",
	"OnError":        "TestARejectionIsNoRecovery",
}

func TestEveryFieldIsHeldByATest(t *testing.T) {
	typ := reflect.TypeFor[Config]()
	require.Len(t, heldBy, typ.NumField())
	for i := range typ.NumField() {
		require.NotEmpty(t, heldBy[typ.Field(i).Name], "%s: which test holds that it has an effect?", typ.Field(i).Name)
	}
}

// A bare number is nanoseconds.
func TestDurationsThatNobodyMeansAreRefused(t *testing.T) {
	for field, cfg := range map[string]Config{
		"FlushInterval": {FlushInterval: 5},
		"DrainTimeout":  {DrainTimeout: 10},
		"FatalTimeout":  {FatalTimeout: 5000},
	} {
		_, err := New(cfg)
		require.ErrorContains(t, err, "buffercore: Config."+field)
		require.Regexp(t, `write (\d+ \* )?time\.Second`, err.Error())
	}
}

// A record above Error that was accepted is at the target when Write returns, though the target is slow and errors keep coming.
func TestAFatalAmongErrorsThatKeepComingArrives(t *testing.T) {
	target := &oddCore{method: "Write", odd: func() { time.Sleep(50 * time.Microsecond) }}
	core := open(t, Config{Target: target, MaxBytes: minBytes, FlushLevel: zapcore.FatalLevel})
	var stop atomic.Bool
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for !stop.Load() {
				_ = core.Write(zapcore.Entry{Level: zapcore.ErrorLevel, Message: strings.Repeat("x", 200)}, nil)
			}
		})
	}
	defer func() { stop.Store(true); wg.Wait() }()
	require.Eventually(t, func() bool { return core.Stats().Delivered > 100 }, 10*time.Second, time.Millisecond)
	for i := range 20 {
		m := strings.Repeat("f", i+1)
		require.NoError(t, core.Write(zapcore.Entry{Level: zapcore.FatalLevel, Message: m}, nil))
		target.mu.Lock()
		arrived := slices.Contains(target.seen, m)
		target.mu.Unlock() // else those who log could not end
		require.True(t, arrived, "when Write returns: %d", i)
	}
}
