package buffercore

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// reluctant is a BatchWriter that asks for another attempt some times before it takes anything.
type reluctant struct {
	batchTarget
	refusals int
}

func (r *reluctant) WriteBatch(batch *base.Batch) (int, error) {
	if r.refusals > 0 {
		r.refusals--
		return 0, &base.RetryError{Err: errBusy}
	}
	return r.batchTarget.WriteBatch(batch)
}

const errBusy = busyError("busy")

type busyError string

func (e busyError) Error() string { return string(e) }

// An entry above Error is offered again as long as there is time: a queue behind the buffer may be full for a moment.
func TestWhatIsAboveErrorIsOfferedAgain(t *testing.T) {
	for refusals, arrives := range map[int]bool{3: true, 100: false} {
		synctest.Test(t, func(t *testing.T) {
			target := &reluctant{batchTarget{Core: zapcore.NewNopCore(), left: -1}, refusals}
			core := open(t, Config{Target: target, FatalTimeout: 2 * time.Second})
			write(t, core, zapcore.InfoLevel, "a")
			begin := time.Now()
			write(t, core, zapcore.FatalLevel, "last")
			require.Equal(t, arrives, len(target.seen) == 2, target.seen)
			require.LessOrEqual(t, time.Since(begin), 2*time.Second)
			target.refusals = 0
		})
	}
}

// slow is a Core that takes a millisecond for a record.
type slow struct{ zapcore.Core }

func (slow) Enabled(zapcore.Level) bool { return true }

func (s slow) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(ent, s)
}

func (slow) Write(zapcore.Entry, []zapcore.Field) error { time.Sleep(time.Millisecond); return nil }

// What others log meanwhile delays neither Sync nor an entry above Error.
func TestFlushesEndWhileOthersLog(t *testing.T) {
	for name, do := range map[string]func(*Core) error{
		"Sync":  (*Core).Sync,
		"Fatal": func(c *Core) error { return c.Write(zapcore.Entry{Level: zapcore.FatalLevel}, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				core := open(t, Config{Target: slow{zapcore.NewNopCore()}, OnError: func(err error) { require.NoError(t, err) }})
				stop := make(chan struct{})
				go func() {
					for {
						select {
						case <-stop:
							return
						case <-time.After(500 * time.Microsecond):
							_ = core.Write(zapcore.Entry{}, nil)
						}
					}
				}()
				write(t, core, zapcore.InfoLevel, "a", "b", "c")
				begin := time.Now()
				require.NoError(t, do(core))
				close(stop)
				require.Less(t, time.Since(begin), time.Second)
			})
		})
	}
}

// stuck is a Core whose Write waits until it is released.
type stuck struct {
	slow
	release chan struct{}
}

func (s stuck) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(ent, s)
}

func (s stuck) Write(zapcore.Entry, []zapcore.Field) error { <-s.release; return nil }

// An entry above Error that finds no room waits for a target that is stuck no longer than one that finds some.
func TestWhatIsAboveErrorAndFindsNoRoomHasABound(t *testing.T) {
	for name, to := range map[string]func(*testing.T, *Core) zapcore.Core{
		"buffer": func(_ *testing.T, c *Core) zapcore.Core { return c },
		"recording, of which what it keeps finds no room": func(t *testing.T, c *Core) zapcore.Core {
			r := c.Begin()
			require.NoError(t, r.Write(zapcore.Entry{Message: strings.Repeat("k", 1500)}, nil))
			return r
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				target := stuck{slow{zapcore.NewNopCore()}, make(chan struct{})}
				core := open(t, Config{Target: target, MaxBytes: minBytes, FatalTimeout: 2 * time.Second, DrainTimeout: time.Minute})
				write(t, core, zapcore.InfoLevel, strings.Repeat("x", 3000))
				log := to(t, core)
				begin := time.Now()
				_ = log.Write(zapcore.Entry{Level: zapcore.FatalLevel, Message: strings.Repeat("y", 2000)}, nil)
				require.LessOrEqual(t, time.Since(begin), 2*time.Second)
				close(target.release)
			})
		})
	}
}
