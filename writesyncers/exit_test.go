package writesyncers

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
)

// exitingClock is a zapcore.Clock with a hook.
type exitingClock struct {
	zapcore.Clock
	exit func()
}

func (c exitingClock) Now() time.Time {
	c.exit()
	return time.Now()
}

// Each hook ends its goroutine once, as t.FailNow does. Others go on: no lock stays held, and Close does not wait for that goroutine.
func TestEveryHookThatEndsItsGoroutine(t *testing.T) {
	for name, set := range map[string]func(r *RotatingFileConfig, c *TimedRotatingFileConfig, exit func()){
		"Namer": func(r *RotatingFileConfig, _ *TimedRotatingFileConfig, exit func()) {
			r.Namer = func(name string) string { exit(); return name }
		},
		"Rotator": func(r *RotatingFileConfig, _ *TimedRotatingFileConfig, exit func()) {
			r.Rotator = func(src, dst string) error { exit(); return os.Rename(src, dst) }
		},
		"ShouldRollover": func(r *RotatingFileConfig, _ *TimedRotatingFileConfig, exit func()) {
			r.ShouldRollover = func(size int64, _ int) bool { exit(); return size > 30 }
		},
		"OnRotate": func(r *RotatingFileConfig, _ *TimedRotatingFileConfig, exit func()) {
			r.OnRotate = func(string, string) { exit() }
		},
		"OnError": func(r *RotatingFileConfig, _ *TimedRotatingFileConfig, exit func()) {
			r.OnError = func(error) { exit() }
			r.OnRotate = func(string, string) { panic("oh") }
		},
		"Encode": func(r *RotatingFileConfig, _ *TimedRotatingFileConfig, exit func()) {
			r.Encode = func(dst, src []byte) ([]byte, error) { exit(); return append(dst, src...), nil }
		},
		"Next": func(_ *RotatingFileConfig, c *TimedRotatingFileConfig, exit func()) {
			c.When, c.Next = "", func(at time.Time) time.Time { exit(); return at.Add(2 * time.Second) }
		},
		"Clock": func(_ *RotatingFileConfig, c *TimedRotatingFileConfig, exit func()) {
			c.Clock = exitingClock{exit: exit}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var opened atomic.Bool
				var calls atomic.Int32
				exit := func() {
					if opened.Load() && calls.Add(1) == 1 {
						runtime.Goexit()
					}
				}
				r := RotatingFileConfig{Path: filepath.Join(t.TempDir(), "app.log"), MaxBytes: 30, BackupCount: -1, OnError: func(error) {}}
				c := TimedRotatingFileConfig{Path: r.Path, When: "S"}
				set(&r, &c, exit)
				var f interface {
					writeCloser
					Rollover() error
				}
				var err error
				if c.Next != nil || c.Clock != nil {
					c.OnError = r.OnError
					f, err = NewTimedRotatingFile(c)
				} else {
					f, err = NewRotatingFile(r)
				}
				require.NoError(t, err)
				opened.Store(true)
				start := time.Now()
				for i := range 40 {
					go func() { _, _ = f.Write(fmt.Appendf(nil, "record %02d\n", i)) }()
					synctest.Wait()
					time.Sleep(250 * time.Millisecond)
				}
				assert.Less(t, time.Since(start), 11*time.Second)
				assert.Positive(t, calls.Load())
				write(t, f, "the last\n")
				require.NoError(t, f.Sync())
				require.NoError(t, f.Rollover())
				require.NoError(t, f.Close())
				assert.Less(t, time.Since(start), 12*time.Second)
				lines := allLines(t, filepath.Dir(r.Path), "app.log")
				assert.GreaterOrEqual(t, len(lines), 40, "but for the record of the goroutine that was ended")
				assert.Contains(t, lines, "the last")
			})
		})
	}
}

func TestOnErrorThatEndsTheGoroutineThatSyncsForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, err := NewRotatingFile(RotatingFileConfig{
			Path: filepath.Join(t.TempDir(), "app.log"), MaxBytes: 20, BackupCount: 2, Fsync: FsyncEach,
			Namer: func(name string) string { return name }, OnRotate: func(string, string) { panic("oh") }, OnError: func(error) { runtime.Goexit() },
		})
		require.NoError(t, err)
		for range 9 {
			go func() { _, _ = f.Write([]byte("a record of its own\n")) }()
			synctest.Wait()
		}
		require.NoError(t, f.Close())
	})
}

// A slow Namer holds up a Write for a second at most.
func TestANamerThatTakesItsTime(t *testing.T) {
	var opened atomic.Bool
	over := make(chan struct{})
	f, dir := rotating(t, RotatingFileConfig{MaxBytes: 30, BackupCount: 20, OnError: unexpected(t), Namer: func(name string) string {
		if opened.Load() {
			<-over
		}
		return name
	}})
	opened.Store(true)
	wrote := make(chan struct{})
	go func() {
		defer close(wrote)
		for i := range 20 {
			_, err := fmt.Fprintf(f, "record %02d\n", i)
			assert.NoError(t, err)
		}
	}()
	select {
	case <-wrote:
	case <-time.After(5 * time.Second):
		t.Error("the writer is held up by its Namer")
	}
	close(over)
	<-wrote
	require.NoError(t, f.Close())
	assert.Len(t, allLines(t, dir, "app.log"), 20)
}
