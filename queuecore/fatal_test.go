package queuecore

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// slowCore is a target that lives, and takes a while for each record.
type slowCore struct {
	*fakeBatchWriter
	pause time.Duration
}

func (s *slowCore) WriteBatch(b *base.Batch) (int, error) {
	time.Sleep(s.pause * time.Duration(b.Len()))
	return s.fakeBatchWriter.WriteBatch(b)
}

// slowForeign is one that takes records one by one.
type slowForeign struct {
	zapcore.Core
	pause time.Duration

	mu   sync.Mutex
	seen []string
}

func (s *slowForeign) Enabled(zapcore.Level) bool        { return true }
func (s *slowForeign) With([]zapcore.Field) zapcore.Core { return s }
func (s *slowForeign) Sync() error                       { return nil }
func (s *slowForeign) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(ent, s)
}

func (s *slowForeign) Write(ent zapcore.Entry, _ []zapcore.Field) error {
	time.Sleep(s.pause)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, strings.Clone(ent.Message))
	return nil
}

func (s *slowForeign) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

// storm writes records of Error from some goroutines until the returned function is called.
func storm(core *Core, goroutines int) (end func()) {
	var stop atomic.Bool
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for !stop.Load() {
				for range 20 {
					_ = core.Write(zapcore.Entry{Level: zapcore.ErrorLevel, Message: bulky("error")}, nil)
				}
				time.Sleep(100 * time.Microsecond) // leaves the processor to the target
			}
		})
	}
	return func() { stop.Store(true); wg.Wait() }
}

// A record above Error that was accepted is at the target when Write returns, whatever the policy, though the target is slow and
// errors keep coming that want its room.
func TestAFatalAmongErrorsThatKeepComingArrives(t *testing.T) {
	for _, policy := range []Overflow{Block, DropNewest, DropOldest, WriteThrough} {
		for _, level := range []zapcore.Level{zapcore.DPanicLevel, zapcore.FatalLevel} {
			for _, foreign := range []bool{false, true} {
				t.Run(fmt.Sprintf("policy %d, %v, foreign %v", policy, level, foreign), func(t *testing.T) {
					batches := &slowCore{fakeBatchWriter: &fakeBatchWriter{}, pause: 200 * time.Microsecond}
					single := &slowForeign{pause: 200 * time.Microsecond}
					target, all := zapcore.Core(batches), batches.all
					if foreign {
						target, all = single, single.all
					}
					core := start(t, Config{Targets: Targets(target), MaxBytes: 16 << 10, Overflow: policy, OmitNotice: true})
					end := storm(core, 3)
					defer end()
					require.Eventually(t, func() bool {
						s := core.Stats()
						return s.Dropped > 0 || core.queue.enqueuer.overflow.Len() > 0 || policy == WriteThrough && len(all()) > 100
					}, 10*time.Second, time.Millisecond, "the queue is full")
					for i := range 3 {
						m := fmt.Sprint("fatal ", i)
						require.NoError(t, core.Write(zapcore.Entry{Level: level, Message: m}, nil))
						require.True(t, slices.Contains(all(), m), "when Write returns: %d", i)
					}
				})
			}
		}
	}
}

// TestRandomStorms holds that for schedules drawn at random: sizes, policies by level, slow and failing targets.
func TestRandomStorms(t *testing.T) {
	schedules := 20
	if testing.Short() {
		schedules = 5
	}
	for seed := range uint64(schedules) {
		t.Run(fmt.Sprint("schedule ", seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 9))
			any := func() Overflow { return Overflow(rng.IntN(int(policies))) }
			var tcs []TargetConfig
			var seen []func() []string
			for range 1 + rng.IntN(3) {
				pause := time.Duration(rng.IntN(300)) * time.Microsecond
				tc := TargetConfig{BatchRecords: 1 + rng.IntN(100), SkipWhenFull: rng.IntN(3) == 0, RetryStart: time.Millisecond}
				if rng.IntN(2) == 0 {
					f := &slowCore{fakeBatchWriter: &fakeBatchWriter{}, pause: pause}
					f.fail(rng.IntN(3), &base.RetryError{Err: errors.New("down")})
					tc.Core, seen = f, append(seen, f.all)
				} else {
					f := &slowForeign{pause: pause}
					tc.Core, seen = f, append(seen, f.all)
				}
				tcs = append(tcs, tc)
			}
			core := start(t, Config{
				Targets: tcs, MaxBytes: minBytes + rng.IntN(32<<10), Overflow: any(), OmitNotice: true,
				OverflowByLevel:   map[zapcore.Level]Overflow{zapcore.ErrorLevel: any(), zapcore.FatalLevel: any()},
				BlockTimeoutError: time.Duration(1+rng.IntN(20)) * time.Millisecond,
			})
			end := storm(core, 1+rng.IntN(4))
			defer end()
			for i := range 5 {
				time.Sleep(time.Duration(rng.IntN(5)) * time.Millisecond)
				m := fmt.Sprint("fatal ", i)
				if core.Write(zapcore.Entry{Level: zapcore.FatalLevel, Message: m}, nil) != nil {
					continue // refused: whoever logs it knows
				}
				for k, all := range seen {
					require.True(t, slices.Contains(all(), m), "%s at target %d of %+v", m, k, tcs)
				}
			}
		})
	}
}

// A backlog that takes longer than FatalTimeout does not keep a Fatal from its target: it overtakes what there is no time for, and
// that is delivered afterwards all the same.
func TestAFatalOvertakesABacklogThatTakesTooLong(t *testing.T) {
	for _, foreign := range []bool{false, true} {
		t.Run(fmt.Sprint("foreign ", foreign), func(t *testing.T) {
			batches := &slowCore{fakeBatchWriter: &fakeBatchWriter{}, pause: 5 * time.Millisecond}
			single := &slowForeign{pause: 5 * time.Millisecond}
			target, all := zapcore.Core(batches), batches.all
			if foreign {
				target, all = single, single.all
			}
			core := start(t, Config{
				Targets:      []TargetConfig{{Core: target, BatchRecords: 5}},
				FatalTimeout: 600 * time.Millisecond, DrainTimeout: time.Minute,
			})
			want := numbered(400) // two seconds
			write(t, core, zapcore.InfoLevel, want...)
			write(t, core, zapcore.FatalLevel, "last words")
			got := all()
			require.Contains(t, got, "last words")
			require.Less(t, len(got), 400)
			require.NoError(t, core.Sync())
			got = all()
			require.Equal(t, 401, len(got), "nothing is lost by it, and nothing comes twice")
			require.Equal(t, want, slices.DeleteFunc(got, func(m string) bool { return m == "last words" }), "the rest in order")
			require.Equal(t, Stats{Accepted: 401, Delivered: 401}, core.Stats())
		})
	}
}
