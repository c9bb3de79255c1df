package buffercore

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// crowded is a target that works; at the end of each flush it fills all the room that the flush has made.
type crowded struct {
	batchTarget
	core  *Core
	times int // that this happens
}

func (c *crowded) Flush() error {
	if c.times == 0 {
		return nil
	}
	c.times--
	return c.core.Write(zapcore.Entry{Message: "other" + strings.Repeat("x", minBytes-100)}, nil)
}

// A record takes a multiple of 8 bytes; MaxBytes need not be one.
func TestARecordingLargerThanABufferOfAnySize(t *testing.T) {
	for more := range 9 {
		target := &batchTarget{Core: zapcore.NewNopCore(), left: -1}
		core := open(t, Config{Target: target, MaxBytes: minBytes + more, RecordingBytes: 256 << 10, DrainTimeout: 500 * time.Millisecond})
		r := core.Begin()
		for i := range 400 {
			write(t, r, zapcore.DebugLevel, fmt.Sprintf("%03d%*d", i, i, 0))
		}
		r.End(true)
		require.NoError(t, core.Close())
		require.Equal(t, Stats{Accepted: 400, Delivered: 400}, core.Stats(), "MaxBytes: %d", minBytes+more)
	}
}

// No record for a working target is lost, however little room there is, and however many producers take the room that a flush makes.
func TestATargetThatWorksLosesNothing(t *testing.T) {
	long := strings.Repeat("x", minBytes-100)
	for name, logs := range map[string]func(core *Core){
		"a record":    func(core *Core) { write(t, core, zapcore.InfoLevel, "mine"+long) },
		"a Fatal":     func(core *Core) { write(t, core, zapcore.FatalLevel, "mine"+long) },
		"a batch":     func(core *Core) { _, _ = core.WriteBatch(batchOf(t, "mine"+long)) },
		"a recording": func(core *Core) { r := core.Begin(); write(t, r, zapcore.InfoLevel, "mine"+long); r.End(true) },
		"before an error": func(core *Core) {
			r := core.Begin()
			write(t, r, zapcore.InfoLevel, "mine"+long)
			write(t, r, zapcore.ErrorLevel, "e")
			r.End(false)
		},
		"before a Fatal": func(core *Core) {
			r := core.Begin()
			write(t, r, zapcore.InfoLevel, "mine"+long)
			write(t, r, zapcore.FatalLevel, "f")
			r.End(false)
		},
	} {
		t.Run(name, func(t *testing.T) {
			target := &crowded{batchTarget: batchTarget{Core: zapcore.NewNopCore(), left: -1}, times: 5}
			core := open(t, Config{Target: target, MaxBytes: minBytes, RecordingBytes: minBytes})
			target.core = core
			write(t, core, zapcore.InfoLevel, "first"+long)
			logs(core)
			require.NoError(t, core.Close())
			s := core.Stats()
			require.Zero(t, s.Dropped, s)
			require.Zero(t, s.Missing())
			mine := 0
			for _, m := range target.seen {
				if strings.HasPrefix(m, "mine") {
					mine++
				}
			}
			require.Equal(t, 1, mine)
			require.Equal(t, int(s.Accepted), len(target.seen))
		})
	}
}

func batchOf(t *testing.T, messages ...string) *base.Batch {
	t.Helper()
	var b base.Batch
	for _, m := range messages {
		var r base.Record
		require.NoError(t, r.Capture(zapcore.Entry{Message: m}, base.Context{}, nil))
		b.Add(r.Bytes())
	}
	return &b
}

// A Recording may keep more than the buffer can hold: all of it arrives, in order. A record larger than the buffer is refused at once.
func TestARecordingLargerThanTheBuffer(t *testing.T) {
	for name, end := range map[string]func(r *Recording){
		"an Error":   func(r *Recording) { write(t, r, zapcore.ErrorLevel, "500") },
		"a Fatal":    func(r *Recording) { write(t, r, zapcore.FatalLevel, "500") },
		"End(true)":  func(r *Recording) { r.End(true) },
		"both":       func(r *Recording) { write(t, r, zapcore.ErrorLevel, "500"); r.End(true); r.End(false) },
		"none, then": func(r *Recording) { r.End(false) },
	} {
		t.Run(name, func(t *testing.T) {
			target := &batchTarget{Core: zapcore.NewNopCore(), left: -1}
			core := open(t, Config{Target: target, MaxBytes: minBytes, RecordingBytes: 256 << 10})
			r := core.Begin()
			logger := zap.New(r).With(zap.String("x", strings.Repeat("x", 80)))
			for i := range 500 {
				logger.Check([]zapcore.Level{-1, 0, 1}[i%3], fmt.Sprint(i)).Write()
			}
			for _, level := range []zapcore.Level{zapcore.DebugLevel, zapcore.ErrorLevel} {
				require.ErrorIs(t, r.Write(zapcore.Entry{Level: level, Message: strings.Repeat("x", minBytes)}, nil), ErrTooLarge)
				if level == zapcore.DebugLevel {
					require.Equal(t, uint64(500), core.Stats().Pending)
				}
			}
			end(r)
			require.NoError(t, core.Close())
			s := core.Stats()
			require.Zero(t, s.Missing())
			require.Zero(t, s.Dropped)
			require.Equal(t, uint64(2), s.Refused)
			for i, m := range target.seen {
				require.Equal(t, fmt.Sprint(i), m)
			}
			require.GreaterOrEqual(t, len(target.seen), 500, "the Error that was refused has brought them along")
		})
	}
}

// While the target is down the oldest records are dropped, and nobody waits for the target.
func TestARecordingLargerThanABufferThatCannotFlush(t *testing.T) {
	core := open(t, Config{MaxBytes: minBytes, RecordingBytes: 256 << 10})
	r := core.Begin()
	for i := range 500 {
		write(t, r, zapcore.DebugLevel, fmt.Sprint(i)+strings.Repeat("x", 80))
	}
	write(t, r, zapcore.ErrorLevel, "error")
	r.End(true)
	target := &batchTarget{Core: zapcore.NewNopCore(), left: -1}
	core.SetTarget(target)
	require.NoError(t, core.Close())
	s := core.Stats()
	require.Zero(t, s.Missing())
	require.Equal(t, uint64(501), s.Dropped+s.Delivered)
	require.Equal(t, "error", target.seen[len(target.seen)-1])
	require.Equal(t, "499", target.seen[len(target.seen)-2][:3])
}

// However many write at once, of whom some wait for a flush and some go before them, a target that works gets each record once.
func TestAStormLosesNothing(t *testing.T) {
	for seed := range uint64(4) {
		target := &batchTarget{Core: zapcore.NewNopCore(), left: -1}
		core := open(t, Config{Target: target, IgnoreLevel: true, MaxBytes: minBytes, RecordingBytes: 1 << 20, Capacity: 1 + int(seed)*5})
		var wg sync.WaitGroup
		for g := range 40 {
			wg.Go(func() {
				rng := rand.New(rand.NewPCG(seed, uint64(g)))
				for i := range 20 {
					recording := core.Begin()
					for n := range 3 {
						ent := zapcore.Entry{Level: []zapcore.Level{0, 0, 0, 1, -1, 2, 3}[rng.IntN(7)], Message: fmt.Sprintf("%d.%d.%d ", g, i, n)}
						ent.Message += strings.Repeat("x", rng.IntN(minBytes-100))
						assert.NoError(t, []zapcore.Core{core, recording}[rng.IntN(2)].Write(ent, nil))
					}
					recording.End(true)
				}
			})
		}
		wg.Wait()
		require.NoError(t, core.Close())
		require.Equal(t, Stats{Accepted: 40 * 20 * 3, Delivered: 40 * 20 * 3}, core.Stats())
		seen := make(map[string]bool)
		for _, m := range target.seen {
			name, _, _ := strings.Cut(m, " ")
			require.False(t, seen[name], name)
			seen[name] = true
		}
	}
}
