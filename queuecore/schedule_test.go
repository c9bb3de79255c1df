package queuecore

import (
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
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

// target is a Core under a queue in a random schedule. It misbehaves in its own way until it is healed.
type target struct {
	manners string
	healed  *atomic.Bool
	release <-chan struct{} // closed when stalls end
	logger  *atomic.Pointer[zap.Logger]

	name int

	mu    sync.Mutex
	rng   *rand.Rand
	seen  []string
	inner int
}

func (f *target) chance(n int) bool { return !f.healed.Load() && f.rng.IntN(n) == 0 }

// take is what the target makes of one record. It may panic.
func (f *target) take(message string) error {
	if message == "records dropped" {
		return nil // the queue's own words, counted as notices
	}
	switch f.manners {
	case "stalls":
		if f.chance(40) {
			select {
			case <-f.release:
			case <-time.After(5 * time.Millisecond):
			}
		}
	case "fails":
		if f.chance(5) {
			return errors.New("failing")
		}
	case "panics":
		if !f.healed.Load() && crc32.ChecksumIEEE([]byte(message))%20 == 0 { // at the same record each time
			panic("target")
		}
	case "logs":
		if f.chance(4) && !strings.HasPrefix(message, "inner") {
			f.inner++
			f.logger.Load().Info(fmt.Sprint("inner ", f.inner, " of ", f.name, ": ", message))
		}
	case "rejects":
		if f.chance(5) {
			return &base.RejectedError{Err: errors.New("not this one"), Indexes: []int{0}}
		}
	}
	f.seen = append(f.seen, message)
	return nil
}

func (f *target) unique() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	seen := make(map[string]bool)
	for _, m := range f.seen {
		seen[m] = true
	}
	return len(seen)
}

// batchTarget takes batches.
type batchTarget struct{ *target }

func (f *batchTarget) Enabled(zapcore.Level) bool                 { return true }
func (f *batchTarget) With([]zapcore.Field) zapcore.Core          { return f }
func (f *batchTarget) Write(zapcore.Entry, []zapcore.Field) error { panic("not a batch") }
func (f *batchTarget) Sync() error                                { return nil }
func (f *batchTarget) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(ent, f)
}

func (f *batchTarget) WriteBatch(b *base.Batch) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var verdicts base.Verdicts
	var all base.RejectedError
	var again base.RetryError
	for i := range b.Len() {
		switch err := f.take(strings.Clone(b.At(i).Entry().Message)); err.(type) {
		case nil:
		case *base.RejectedError:
			all.Err, all.Indexes = err, append(all.Indexes, i)
		default:
			if f.rng.IntN(2) == 0 { // as some do that judge each record by itself
				again.Err, again.Indexes = err, append(again.Indexes, i)
				continue
			}
			verdicts.Add(0, &all)
			verdicts.Add(0, &again)
			return i, verdicts.With(&base.RetryError{Err: err})
		}
	}
	verdicts.Add(0, &all)
	verdicts.Add(0, &again)
	return b.Len(), verdicts.With(nil)
}

// foreignTarget takes records one by one, and only some levels.
type foreignTarget struct{ *target }

func (f *foreignTarget) Enabled(l zapcore.Level) bool      { return l != zapcore.DebugLevel }
func (f *foreignTarget) With([]zapcore.Field) zapcore.Core { return f }
func (f *foreignTarget) Sync() error                       { return nil }
func (f *foreignTarget) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if f.Enabled(ent.Level) {
		return ce.AddCore(ent, f)
	}
	return ce
}

func (f *foreignTarget) Write(ent zapcore.Entry, _ []zapcore.Field) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.take(strings.Clone(ent.Message))
}

var manners = []string{"behaves", "stalls", "fails", "panics", "logs", "rejects"}

// TestRandomSchedules holds law 1 to the letter: whatever the policies, and whatever the targets do, what was accepted is
// delivered, dropped or skipped in the end, for the queue and for each target, and what is counted as delivered is what
// the target has.
func TestRandomSchedules(t *testing.T) {
	schedules := 400
	if testing.Short() {
		schedules = 50
	}
	for seed := range uint64(schedules) {
		t.Run(fmt.Sprint("schedule ", seed), func(t *testing.T) {
			t.Parallel()
			newSchedule(t, seed).run()
		})
	}
}

type schedule struct {
	*testing.T
	rng      *rand.Rand
	core     *Core
	targets  []*target
	healed   atomic.Bool
	release  chan struct{}
	logger   atomic.Pointer[zap.Logger]
	onDrop   atomic.Uint64
	accepted atomic.Uint64
	refused  atomic.Uint64
	about    string
}

func newSchedule(t *testing.T, seed uint64) *schedule { return newScheduleIn(t, seed, "") }

// newScheduleIn is newSchedule for a queue with a spool.
func newScheduleIn(t *testing.T, seed uint64, spool string) *schedule {
	s := &schedule{T: t, rng: rand.New(rand.NewPCG(seed, 2)), release: make(chan struct{})}
	cfg := Config{
		MaxBytes:          minBytes + s.rng.IntN(8<<10),
		Overflow:          Overflow(s.rng.IntN(int(policies))),
		OverflowByLevel:   map[zapcore.Level]Overflow{zapcore.WarnLevel: Overflow(s.rng.IntN(int(policies)))},
		BlockTimeout:      time.Millisecond,
		BlockTimeoutError: 2 * time.Millisecond,
		OnDrop:            func(d Drop) { s.onDrop.Add(d.Records) },
		OmitNotice:        s.rng.IntN(2) == 0,
		OnError:           func(error) {},
		Spool:             spool,
	}
	s.about = fmt.Sprint("overflow ", cfg.Overflow, cfg.OverflowByLevel, " targets:")
	for i := range 1 + s.rng.IntN(3) {
		f := &target{
			manners: manners[s.rng.IntN(len(manners))],
			healed:  &s.healed, release: s.release, logger: &s.logger,
			name: i, rng: rand.New(rand.NewPCG(seed, uint64(10+i))),
		}
		tc := TargetConfig{
			BatchRecords: 1 + s.rng.IntN(30), RetryStart: time.Microsecond, RetryMax: 100 * time.Microsecond,
			RetryAttempts: s.rng.IntN(3), SkipWhenFull: s.rng.IntN(4) == 0,
		}
		if s.rng.IntN(2) == 0 {
			tc.Core = &batchTarget{f}
		} else {
			tc.Core = &foreignTarget{f}
		}
		s.targets = append(s.targets, f)
		s.about += fmt.Sprintf(" %s (%T)", f.manners, tc.Core)
		cfg.Targets = append(cfg.Targets, tc)
	}
	var err error
	s.core, err = New(cfg)
	require.NoError(t, err)
	s.logger.Store(zap.New(counting{s.core, s}, zap.ErrorOutput(zapcore.AddSync(&strings.Builder{}))))
	return s
}

// counting counts what Write returns.
type counting struct {
	zapcore.Core
	s *schedule
}

func (c counting) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(ent, c)
}

func (c counting) Write(ent zapcore.Entry, fields []zapcore.Field) error {
	err := c.Core.Write(ent, fields)
	if err == nil {
		c.s.accepted.Add(1)
	} else {
		c.s.refused.Add(1)
	}
	return nil
}

func (s *schedule) run() {
	producers := 1 + s.rng.IntN(4)
	each := 20 + s.rng.IntN(150)
	var wg sync.WaitGroup
	for p := range producers {
		rng := rand.New(rand.NewPCG(uint64(p), s.rng.Uint64()))
		wg.Go(func() {
			for i := range each {
				level := []zapcore.Level{-1, 0, 0, 1, 2}[rng.IntN(5)]
				padding := zap.String("padding", strings.Repeat("x", rng.IntN(200)))
				s.logger.Load().Log(level, fmt.Sprintf("producer %d record %06d", p, i), padding)
				if rng.IntN(50) == 0 {
					_ = s.core.Stats()
				}
			}
		})
	}
	wg.Wait()
	s.healed.Store(true)
	close(s.release)
	require.NoError(s, s.core.Sync(), s.about)
	require.NoError(s, s.core.Sync(), "what a target has logged while the first Sync waited: "+s.about)
	s.check()
	var lost *LostError
	if err := s.core.Close(); err != nil {
		require.ErrorAs(s, err, &lost)
	}
	s.check()
	s.checkOrder()
}

func (s *schedule) check() {
	q := s.core.Stats()
	require.Zero(s, q.Missing(), "%s: %v", s.about, q)
	require.Equal(s, s.accepted.Load(), q.Accepted, "accepted is what Write returned nil for")
	require.Equal(s, s.refused.Load(), q.Refused)
	require.Zero(s, q.Pending)
	dropped := uint64(0)
	for i, counts := range s.core.Targets() {
		about := fmt.Sprintf("%s, target %d: %+v", s.about, i, counts)
		require.Zero(s, counts.Missing(), about)
		require.Equal(s, q.Accepted, counts.Accepted, about)
		require.Zero(s, counts.Pending, about)
		require.Equal(s, int(counts.Delivered), s.targets[i].unique(), "delivered is what arrived: "+about)
		sum := uint64(0)
		for _, d := range counts.Drops {
			sum += d.Records
		}
		require.Equal(s, counts.Dropped, sum, "drops by level and cause add up: "+about)
		require.LessOrEqual(s, counts.Dropped, q.Dropped, about)
		dropped += sum
	}
	require.Equal(s, dropped, s.onDrop.Load(), "OnDrop is told of each: "+s.about)
}

// checkOrder requires that each producer's records arrive in its order, but for those that were written through.
func (s *schedule) checkOrder() {
	if strings.Contains(s.about, fmt.Sprint(WriteThrough)) {
		return
	}
	for i, f := range s.targets {
		if f.manners == "panics" {
			continue // the halves of a batch come again
		}
		last := make(map[string]string)
		for _, m := range f.seen {
			if strings.HasPrefix(m, "inner") || f.manners == "fails" { // the failed come later
				continue
			}
			producer := strings.SplitN(m, " record", 2)[0]
			require.Less(s, last[producer], m, "target %d", i)
			last[producer] = m
		}
	}
}
