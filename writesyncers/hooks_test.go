package writesyncers

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.com/zaphandlers/writesyncers/internal/backups"
	"example.com/zaphandlers/writesyncers/internal/rotation"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
)

// panickyClock is a zapcore.Clock that panics when it is told to.
type panickyClock struct{ zapcore.Clock }

func (panickyClock) Now() time.Time { panic("at the clock") }

// Each hook panics. The program goes on, no lock stays held, no record is lost, and OnError is told if no caller gets the error.
func TestEveryHookThatPanics(t *testing.T) {
	for name, set := range map[string]func(r *RotatingFileConfig, timed *TimedRotatingFileConfig){
		"Namer": func(r *RotatingFileConfig, _ *TimedRotatingFileConfig) {
			r.Namer = func(name string) string {
				if _, err := os.Stat(r.Path); err == nil { // else it is refused at once
					panic("oh")
				}
				return name
			}
		},
		"Rotator": func(r *RotatingFileConfig, _ *TimedRotatingFileConfig) {
			r.Rotator = func(string, string) error { panic("oh") }
		},
		"ShouldRollover": func(r *RotatingFileConfig, _ *TimedRotatingFileConfig) {
			r.ShouldRollover = func(int64, int) bool { panic("oh") }
		},
		"OnRotate": func(r *RotatingFileConfig, _ *TimedRotatingFileConfig) {
			r.OnRotate = func(string, string) { panic("oh") }
		},
		"Next": func(_ *RotatingFileConfig, c *TimedRotatingFileConfig) {
			c.Next = func(time.Time) time.Time { panic("oh") }
		},
		"Clock": func(_ *RotatingFileConfig, c *TimedRotatingFileConfig) { c.Clock = panickyClock{} },
	} {
		t.Run(name, func(t *testing.T) {
			var told errorLog
			dir := t.TempDir()
			r := RotatingFileConfig{Path: filepath.Join(dir, "app.log"), MaxBytes: 30, BackupCount: -1, OnError: func(err error) {
				told.add(err)
				panic("OnError itself")
			}}
			c := TimedRotatingFileConfig{Path: r.Path, When: "S", MaxBytes: 30, OnError: r.OnError}
			set(&r, &c)
			if c.Next != nil {
				c.When = ""
			}
			var f writeCloser
			var err error
			if c.Next != nil || c.Clock != nil {
				f, err = NewTimedRotatingFile(c)
			} else {
				f, err = NewRotatingFile(r)
			}
			require.NoError(t, err)
			for i := range 20 {
				write(t, f, fmt.Sprintf("record %d\n", i))
			}
			require.NoError(t, f.Sync())
			require.NoError(t, f.Close())
			assert.Len(t, allLines(t, dir, ""), 20)
			require.NotEmpty(t, told.list())
			assert.ErrorContains(t, told.list()[0], "panic")
			assert.ErrorContains(t, told.list()[0], r.Path)
		})
	}
}

func TestNextThatPanicsOnTheTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told errorLog
		calls := 0
		f, dir := timed(t, TimedRotatingFileConfig{OnError: told.add, Next: func(at time.Time) time.Time {
			if calls++; calls > 1 {
				panic("oh")
			}
			return at.Add(time.Second)
		}})
		write(t, f, "one\n")
		advance(5 * time.Second)
		write(t, f, "two\n")
		require.NoError(t, f.Close())
		assert.Len(t, allLines(t, dir, "app.log"), 2)
		require.Len(t, told.list(), 1)
		assert.ErrorContains(t, told.list()[0], "Next of "+f.path+": panic: oh")
	})
}

// The file that OnRotate is called for keeps its name until OnRotate returns, however many follow meanwhile; the writer is not held up.
func TestOnRotateFindsItsFile(t *testing.T) {
	for name, timed := range map[string]bool{"numbered": false, "dated": true} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			seen := map[string]int{}
			next := make(chan struct{})
			hook := func(_, backup string) {
				<-next
				text, err := os.ReadFile(backup)
				mu.Lock()
				defer mu.Unlock()
				if assert.NoError(t, err) {
					for line := range strings.Lines(string(text)) {
						seen[line]++
					}
				}
			}
			path := filepath.Join(t.TempDir(), "app.log")
			var w interface {
				writeCloser
				Rollover() error
			}
			var err error
			if timed {
				w, err = NewTimedRotatingFile(TimedRotatingFileConfig{Path: path, MaxBytes: 50, OnRotate: hook, OnError: unexpected(t)})
			} else {
				w, err = NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 50, BackupCount: 50, OnRotate: hook, OnError: unexpected(t)})
			}
			require.NoError(t, err)
			for i := range 40 {
				start := time.Now()
				write(t, w, fmt.Sprintf("a record %02d\n", i)) // of 12 bytes: four to a file
				assert.Less(t, time.Since(start), 900*time.Millisecond, "held up by a hook")
			}
			close(next)
			require.NoError(t, w.Rollover())
			require.NoError(t, w.Close())
			mu.Lock()
			defer mu.Unlock()
			for i := range 40 {
				assert.Equal(t, 1, seen[fmt.Sprintf("a record %02d\n", i)], "record %d", i)
			}
		})
	}
}

// A BackupCount of any size has files wait for a slow OnRotate, and none given up.
func TestFilesThatWaitUnderAnyBackupCount(t *testing.T) {
	for _, count := range []int{math.MaxInt, math.MaxInt32, 10} {
		release := make(chan struct{})
		f, dir := rotating(t, RotatingFileConfig{MaxBytes: 5, BackupCount: count, OnRotate: func(string, string) { <-release }})
		write(t, f, "1\n", "2\n", "3\n", "4\n", "5\n", "6\n", "7\n")
		close(release)
		require.NoError(t, f.Close())
		assert.Equal(t, map[string]string{"app.log": "7\n", "app.log.1": "5\n6\n", "app.log.2": "3\n4\n", "app.log.3": "1\n2\n"}, tree(t, dir), count)
	}
}

// If a hook does not return, the files that wait for it stay within BackupCount, and Close returns.
func TestOnRotateThatIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told errorLog
		stuck := make(chan struct{})
		dir := t.TempDir()
		f, err := NewRotatingFile(RotatingFileConfig{Path: filepath.Join(dir, "app.log"), MaxBytes: 50, BackupCount: 3, OnRotate: func(string, string) { <-stuck }, OnError: told.add})
		require.NoError(t, err)
		for i := range 100 {
			write(t, f, fmt.Sprintf("a record %02d\n", i))
		}
		assert.LessOrEqual(t, len(allLines(t, dir, "")), 4*6)
		require.NotEmpty(t, told.list())
		assert.ErrorContains(t, told.list()[0], "given up")
		start := time.Now()
		assert.Error(t, f.Close())
		assert.Less(t, time.Since(start), 15*time.Second)
		close(stuck)
		synctest.Wait()
		again, err := NewRotatingFile(RotatingFileConfig{Path: filepath.Join(dir, "app.log"), MaxBytes: 50, BackupCount: 3, OnError: unexpected(t)})
		require.NoError(t, err)
		require.NoError(t, again.Close())
		assert.Equal(t, []string{"app.log", "app.log.1", "app.log.2", "app.log.3"}, names(t, dir), "the next start finds what waited")
		assert.Contains(t, read(t, filepath.Join(dir, "app.log.1")), "a record 9")
	})
}

// A Close that cannot wait for all backups to be compressed returns an error, and the next start does the rest.
func TestCloseThatGivesUpCompression(t *testing.T) {
	for _, left := range []int{0, 1, 3} { // with 3 nothing is rolled over beside what is there
		t.Run(fmt.Sprint(left), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told errorLog
				cfg := RotatingFileConfig{Path: filepath.Join(t.TempDir(), "app.log"), MaxBytes: 1000, BackupCount: 9, OnError: told.add}
				f, err := NewRotatingFile(cfg)
				require.NoError(t, err)
				for range left {
					write(t, f, "before\n")
					require.NoError(t, f.Rollover())
				}
				require.NoError(t, f.Close())
				defer func(step func(string)) { rotation.Step = step }(rotation.Step)
				rotation.Step = func(name string) {
					if name == "compressing" {
						time.Sleep(15 * time.Second)
					}
				}
				cfg.Compress = Gzip
				f, err = NewRotatingFile(cfg)
				require.NoError(t, err)
				write(t, f, "record\n")
				if left < 3 {
					go func() { _ = f.Rollover() }()
				}
				synctest.Wait()
				start := time.Now()
				_ = f.Close()
				assert.Less(t, time.Since(start), 12*time.Second)
				time.Sleep(time.Minute)
				synctest.Wait()
				require.Len(t, told.list(), 1, "%v", told.list())
				assert.ErrorIs(t, told.list()[0], backups.ErrAborted)
				rotation.Step = func(string) {}
				cfg.OnError = unexpected(t)
				f, err = NewRotatingFile(cfg)
				require.NoError(t, err)
				require.NoError(t, f.Close())
				listed, err := f.Backups()
				require.NoError(t, err)
				assert.Len(t, listed, min(left+1, 3))
				for _, name := range listed {
					assert.Equal(t, gz, filepath.Ext(name))
				}
			})
		})
	}
}

// A hook may call its writer without a deadlock.
func TestHooksThatCallTheirWriter(t *testing.T) {
	for name, call := range map[string]func(f *RotatingFile) error{
		"Rollover": (*RotatingFile).Rollover,
		"Sync":     (*RotatingFile).Sync,
		"Backups":  func(f *RotatingFile) error { _, err := f.Backups(); return err },
		"Write":    func(f *RotatingFile) error { _, err := f.Write([]byte("from the hook\n")); return err },
		"Close":    (*RotatingFile).Close,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var f *RotatingFile
				times := 0
				f, err := NewRotatingFile(RotatingFileConfig{Path: filepath.Join(t.TempDir(), "app.log"), MaxBytes: 1000, BackupCount: 9, OnRotate: func(string, string) {
					if times++; times < 3 {
						assert.NoError(t, call(f))
					}
				}, OnError: unexpected(t)})
				require.NoError(t, err)
				write(t, f, "one\n")
				start := time.Now()
				require.NoError(t, f.Rollover())
				assert.Less(t, time.Since(start), time.Second)
				require.NoError(t, f.Close())
			})
		})
	}
}

// So may a Namer, although nobody else may use the backups meanwhile: a call that would have to wait for it returns an error.
func TestANamerThatCallsItsWriter(t *testing.T) {
	for name, call := range map[string]func(f *RotatingFile) error{
		"Rollover": (*RotatingFile).Rollover,
		"Sync":     (*RotatingFile).Sync,
		"Stats":    func(f *RotatingFile) error { _ = f.Stats(); return nil },
		"Write":    func(f *RotatingFile) error { _, err := f.Write([]byte("from the Namer\n")); return err },
		"Close":    (*RotatingFile).Close,
		"Backups": func(f *RotatingFile) error {
			_, err := f.Backups()
			assert.ErrorContains(t, err, "called by the Namer")
			return nil
		},
	} {
		for _, compress := range []string{"", Gzip} {
			t.Run(name+" "+compress, func(t *testing.T) {
				dir := t.TempDir()
				var f atomic.Pointer[RotatingFile]
				var calls atomic.Int32
				namer := func(name string) string {
					if log := f.Load(); log != nil && calls.Add(1) <= 20 {
						if err := call(log); !errors.Is(err, ErrClosed) {
							assert.NoError(t, err)
						}
					}
					return name
				}
				log, err := NewRotatingFile(RotatingFileConfig{
					Path: filepath.Join(dir, "app.log"), MaxBytes: 1000, BackupCount: 9, Namer: namer, Compress: compress, OnError: unexpected(t),
				})
				require.NoError(t, err)
				f.Store(log)
				start := time.Now()
				write(t, log, "one\n")
				require.NoError(t, log.Rollover())
				if _, err = log.Write([]byte("two\n")); name != "Close" {
					require.NoError(t, err)
				}
				listed, err := log.Backups()
				assert.NoError(t, err)
				assert.Contains(t, listed, filepath.Join(dir, "app.log.1")+map[string]string{Gzip: gz}[compress])
				assert.NoError(t, log.Close())
				assert.Less(t, time.Since(start), 5*time.Second, "nothing has waited for itself")
			})
		}
	}
}

// A Namer that does not return is an error of construction, or holds up the names of the backups, and nothing else.
func TestANamerThatNeverReturns(t *testing.T) {
	rotation.ShortWait.Store(int64(300 * time.Millisecond))
	t.Cleanup(func() { rotation.ShortWait.Store(0) })
	for _, compress := range []string{"", Gzip} {
		for _, returns := range []int32{0, 3, 5, 13} {
			t.Run(fmt.Sprintf("%s after %d calls", compress, returns), func(t *testing.T) {
				t.Parallel()
				var calls atomic.Int32
				stuck := make(chan struct{})
				dir, err := os.MkdirTemp("", "namer") // where what the Namer has held up goes on at the end
				require.NoError(t, err)
				t.Cleanup(func() {
					assert.Eventually(t, func() bool { return os.RemoveAll(dir) == nil }, 10*time.Second, 10*time.Millisecond)
				})
				f, err := NewRotatingFile(RotatingFileConfig{
					Path: filepath.Join(dir, "app.log"), MaxBytes: 1000, BackupCount: 3, Compress: compress, OnError: func(error) {},
					Namer: func(name string) string {
						if calls.Add(1) > returns {
							<-stuck
						}
						return name
					},
				})
				require.Equal(t, returns < 3, err != nil, "%v", err)
				if err == nil {
					for range 2 {
						write(t, f, "a record\n")
						_ = f.Rollover()
						_, _ = f.Backups()
					}
					assert.NoError(t, f.Sync())
					_ = f.Close()
				} else {
					assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
					assert.ErrorContains(t, err, "Namer of ")
				}
				close(stuck)
			})
		}
	}
}

// A file has a hidden name until it has its backup name, and a slow hook holds up only the files behind it.
func TestARotatorThatTakesItsTimeHoldsUpNobodyElse(t *testing.T) {
	dir := t.TempDir()
	begun, over := make(chan struct{}), make(chan struct{})
	slow, err := NewRotatingFile(RotatingFileConfig{Path: filepath.Join(dir, "slow.log"), MaxBytes: 50, BackupCount: 50, OnError: unexpected(t), Rotator: func(src, dst string) error {
		select {
		case <-over:
		default:
			close(begun)
			<-over
		}
		return os.Rename(src, dst)
	}})
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 20 {
			_, err := fmt.Fprintf(slow, "a record %02d\n", i)
			assert.NoError(t, err)
		}
	}()
	<-begun
	other, err := NewRotatingFile(RotatingFileConfig{Path: filepath.Join(dir, "other.log"), MaxBytes: 50, BackupCount: 2, OnError: unexpected(t)})
	require.NoError(t, err)
	for i := range 20 {
		write(t, other, fmt.Sprintf("a record %02d\n", i))
	}
	assert.Equal(t, uint64(4), other.Stats().Rotations)
	require.NoError(t, other.Close())
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Error("the writer is held up by its Rotator")
	}
	close(over)
	<-done
	require.NoError(t, slow.Close())
	assert.Len(t, allLines(t, dir, "slow.log"), 20)
}

// If an earlier file is refused its name, Rollover of a later one returns that error, as soon as it is known.
func TestRolloverBehindAFileThatIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refuse := make(chan struct{})
		f, err := NewRotatingFile(RotatingFileConfig{
			Path: filepath.Join(t.TempDir(), "app.log"), MaxBytes: 10, BackupCount: 3, OnError: func(error) {},
			Rotator: func(string, string) error { <-refuse; return errors.New("no room") },
		})
		require.NoError(t, err)
		for range 2 { // the second goes into the next file; the first waits for the Rotator
			_, err = f.Write([]byte("a record\n"))
			require.NoError(t, err)
		}
		answer := make(chan error, 1)
		start := time.Now()
		go func() { answer <- f.Rollover() }()
		synctest.Wait()
		require.EqualValues(t, 2, f.Stats().Rotations)
		close(refuse)
		require.ErrorContains(t, <-answer, "no room")
		require.Zero(t, time.Since(start))
		require.NoError(t, f.Close())
	})
}

// An Encode that logs each record to its own file does not recurse for ever: at some depth its records are refused.
func TestAnEncodeThatLogsToItsOwnFile(t *testing.T) {
	defer debug.SetMaxStack(debug.SetMaxStack(16 << 20)) // which ends the program soon
	path := filepath.Join(t.TempDir(), "app.log")
	var file *File
	opened := false
	var err error
	log := func() { _, _ = file.Write([]byte("odd\n")) }
	file, err = NewFile(FileConfig{Path: path, Encode: func(dst, src []byte) ([]byte, error) {
		if opened {
			log()
		}
		return append(dst, src...), nil
	}})
	require.NoError(t, err)
	opened = true
	_, err = file.Write([]byte("record\n"))
	require.NoError(t, err)
	require.Equal(t, uint64(1), file.Stats().Refused)
	log = func() { _, _ = file.WriteRecords([]byte("odd\n"), []int{4}) } // what a Handler calls
	_, err = file.WriteRecords([]byte("odd\n"), []int{4})
	require.NoError(t, err)
	require.Equal(t, uint64(2), file.Stats().Refused)
	log = func() {}
	_, err = file.Write([]byte("record\n"))
	require.NoError(t, err)
	require.NoError(t, file.Close())
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	phases := strings.SplitAfter(string(text), "record\n")
	require.Len(t, phases, 3)
	require.Empty(t, phases[2])
	for _, phase := range phases[:2] { // what was said, and the record behind it
		require.Equal(t, "record\n", strings.ReplaceAll(phase, "odd\n", ""))
		require.LessOrEqual(t, strings.Count(phase, "odd\n"), 4*runtime.NumCPU())
	}
}
