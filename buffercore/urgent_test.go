package buffercore

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// busyAtFirst is a BatchWriter that asks for another attempt some times before it takes anything.
type busyAtFirst struct {
	batchTarget
	refusals int
}

func (r *busyAtFirst) WriteBatch(batch *base.Batch) (int, error) {
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
			target := &busyAtFirst{batchTarget{Core: zapcore.NewNopCore(), left: -1}, refusals}
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

// What others log meanwhile delays neither Sync, nor an entry above Error, nor any other Write that makes the buffer flush.
func TestFlushesEndWhileOthersLog(t *testing.T) {
	for name, do := range map[string]func(*Core) error{
		"Sync":  (*Core).Sync,
		"Error": func(c *Core) error { return c.Write(zapcore.Entry{Level: zapcore.ErrorLevel}, nil) },
		"Fatal": func(c *Core) error { return c.Write(zapcore.Entry{Level: zapcore.FatalLevel}, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				core := open(t, Config{Target: slow{zapcore.NewNopCore()}, OnError: func(err error) { require.NoError(t, err) }})
				stop := make(chan struct{})
				go func() {
					for range 20000 { // 10 s, were nobody to stop it
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

// A target that logs a record for each record that it gets does not make a Write flush for ever.
func TestATargetThatLogsOfEachRecord(t *testing.T) {
	var core *Core
	records := 0
	core = open(t, Config{Target: zapcore.RegisterHooks(zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{}), zapcore.AddSync(io.Discard), zapcore.DebugLevel), func(zapcore.Entry) error {
		if records++; records < 10000 {
			return core.Write(zapcore.Entry{Level: zapcore.DebugLevel}, nil)
		}
		return nil
	})})
	write(t, core, zapcore.ErrorLevel, "a")
	require.Equal(t, 1, records)
	require.EqualValues(t, 1, core.Stats().Pending)
}

// A record that causes a flush while another flush is running arrives, even if nothing is logged afterwards.
func TestAFlushThatWasAskedForDuringAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := make(chan string, 10)
		release := make(chan struct{})
		core := open(t, Config{Target: zapcore.RegisterHooks(slow{zapcore.NewNopCore()}, func(ent zapcore.Entry) error {
			seen <- ent.Message
			<-release
			return nil
		})})
		go write(t, core, zapcore.ErrorLevel, "first")
		require.Equal(t, "first", <-seen)
		write(t, core, zapcore.InfoLevel, "second")
		write(t, core, zapcore.ErrorLevel, "third")
		close(release)
		require.Equal(t, "second", <-seen)
		require.Equal(t, "third", <-seen)
		synctest.Wait()
		require.EqualValues(t, 3, core.Stats().Delivered)
	})
}

// A waiter gets the lock before a wanted flush starts; if the waiter's timeout passes, the wanted flush is not forgotten.
func TestWhoWaitsForTheFlushLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l flushLock
		require.True(t, l.tryAcquire())
		require.False(t, l.tryAcquire())
		got := make(chan acquisition)
		go func() { got <- l.acquire(time.Minute) }()
		synctest.Wait()
		require.False(t, l.release())
		require.Equal(t, acquired, <-got)
		require.True(t, l.release(), "asked for before")
		require.Equal(t, busy, l.acquire(time.Second), "it is held for that flush")
		require.False(t, l.release())
		require.Equal(t, acquired, l.acquire(0))
	})
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

// An entry above Error that finds no room waits for a stuck target no longer than an entry that finds room.
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

// An urgent waiter gets the lock next, even if others try before its goroutine runs.
func TestWhoIsUrgentHasTheFlushLockNext(t *testing.T) {
	var l flushLock
	waiting := func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.urgentWaiters == 1
	}
	for range 100 {
		require.True(t, l.tryAcquire())
		got := make(chan acquisition)
		go func() { got <- l.acquireFirst(10 * time.Second) }()
		require.Eventually(t, waiting, 10*time.Second, 10*time.Microsecond)
		l.release()
		require.False(t, l.tryAcquire())
		require.Equal(t, busy, l.acquire(0))
		require.Equal(t, acquired, <-got)
		l.release() // to the flush that was asked for
		l.release()
	}
	require.True(t, l.tryAcquire())
	require.Equal(t, busy, l.acquireFirst(0), "he has given up")
	l.release()
	require.Equal(t, acquired, l.acquire(0))
}

// The last holder of the lock is not taken for the present one, while the lock is kept for an urgent waiter.
func TestWhoHadTheFlushLockIsNotWithin(t *testing.T) {
	var l flushLock
	waiting := func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.urgentWaiters == 1
	}
	for range 100 {
		require.Equal(t, acquired, l.acquire(0))
		l.setOwner()
		require.Equal(t, reentrant, l.acquire(0))
		done := make(chan acquisition)
		go func() {
			got := l.acquireFirst(10 * time.Second)
			l.release()
			done <- got
		}()
		require.Eventually(t, waiting, 10*time.Second, 10*time.Microsecond)
		l.release()
		require.Equal(t, acquired, l.acquire(10*time.Second))
		require.Equal(t, acquired, <-done)
		l.release()
	}
}
