package waitline

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
)

func TestFirstComeFirstServedByLane(t *testing.T) {
	var l Line
	var waiters []*Waiter
	levels := []zapcore.Level{zapcore.InfoLevel, zapcore.ErrorLevel, zapcore.FatalLevel, zapcore.InfoLevel, zapcore.ErrorLevel, zapcore.FatalLevel}
	for i, level := range levels {
		w, alone := l.Join(level, []byte{byte(i)}, false)
		require.Equal(t, i == 0, alone)
		waiters = append(waiters, w)
	}
	require.Equal(t, 6, l.Len())
	require.Equal(t, Waiting, l.Leave(waiters[1]), "who leaves is not served")
	waiters[1].Left(Waiting)
	var order []byte
	admitted := l.Admit(func(w *Waiter) bool { order = append(order, w.Tape[0]); return len(order) < 4 })
	require.Equal(t, []byte{2, 5, 4, 0}, order, "the fourth was asked for in vain")
	admitted.Wake()
	for _, i := range []int{2, 5, 4} {
		require.True(t, waiters[i].Wait(time.Minute))
		outcome, _ := waiters[i].Done()
		require.Equal(t, Admitted, outcome)
	}
	require.Equal(t, 2, l.Len())
	l.Dismiss().Wake()
	require.True(t, waiters[0].Wait(-1))
	outcome, _ := waiters[0].Done()
	require.Equal(t, Dismissed, outcome)
	require.Zero(t, l.Len())
}

// TestNobodyIsForgotten lets many producers join and leave while one goroutine makes room now and then: each is admitted or
// leaves, and none waits while there is room.
func TestNobodyIsForgotten(t *testing.T) {
	var mu sync.Mutex
	var l Line
	room := 0
	admit := func() {
		mu.Lock()
		admitted := l.Admit(func(*Waiter) bool {
			if room == 0 {
				return false
			}
			room--
			return true
		})
		mu.Unlock()
		admitted.Wake()
	}
	const producers, each = 50, 200
	var served, left atomic.Int64
	var wg sync.WaitGroup
	for p := range producers {
		rng := rand.New(rand.NewPCG(uint64(p), 1))
		wg.Go(func() {
			for range each {
				w, alone := l.Join(zapcore.Level(rng.IntN(4)), nil, false)
				if alone {
					admit()
				}
				timeout := time.Minute
				if rng.IntN(3) == 0 {
					timeout = time.Duration(rng.IntN(50)) * time.Microsecond
				}
				if w.Wait(timeout) {
					w.Done()
					served.Add(1)
					continue
				}
				mu.Lock()
				outcome := l.Leave(w)
				mu.Unlock()
				w.Left(outcome)
				if outcome == Admitted {
					served.Add(1)
				} else {
					left.Add(1)
				}
				admit()
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	given := 0
	for working := true; working; {
		select {
		case <-done:
			working = false
		case <-time.After(50 * time.Microsecond):
			mu.Lock()
			room += 20
			given += 20
			mu.Unlock()
			if l.Len() > 0 { // as a queue does
				admit()
			}
		}
	}
	require.Equal(t, int64(producers*each), served.Load()+left.Load())
	require.Equal(t, int64(given-room), served.Load())
	require.Zero(t, l.Len())
	require.Nil(t, l.arrived.Load())
}
