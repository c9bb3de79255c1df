package session

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// held returns the frames of a Window in order.
func held(w *Window) (frames []string) {
	for n := w.first; n < w.Next(); n++ {
		frames = append(frames, string(w.At(n)))
	}
	return frames
}

// attempt is one connection to a peer that acknowledges frames up to one that is bad, at which it hangs up, and counts what it got.
func attempt(w *Window, s *PoisonSearch, got map[string]int) (dropped int) {
	dropped = s.Advance(w)
	w.Reopen(s.Stepwise())
	for n := w.Unsent(); n < w.Due(); n = w.Unsent() {
		frame := string(w.At(n))
		w.Sent(1)
		if strings.HasPrefix(frame, "bad") {
			break
		}
		got[frame]++
		_ = w.Acknowledge(n)
	}
	s.Ended(w)
	return dropped
}

// TestPoisonFrames: frames at which a peer hangs up are found, however many there are, and all others arrive once.
func TestPoisonFrames(t *testing.T) {
	for seed := range int64(300) {
		rng := rand.New(rand.NewSource(seed))
		w, s := NewWindow(1<<20, 0), new(PoisonSearch)
		got, bad, good, dropped := map[string]int{}, 1+rng.Intn(6), 0, 0
		for i := range bad {
			for range rng.Intn(3) {
				w.Add(fmt.Appendf(nil, "good %d", good))
				good++
			}
			w.Add(fmt.Appendf(nil, "bad %d", i))
		}
		pause := 1 + rng.Intn(10) // connections between two others
		for connections := 0; dropped < bad; connections++ {
			require.Less(t, connections, 2000, "seed %d: %d dropped, and held are %v", seed, dropped, held(w))
			if connections%pause == 0 {
				w.Add(fmt.Appendf(nil, "good %d", good))
				good++
			}
			dropped += attempt(w, s, got)
			w.Trim()
		}
		for w.Len() > 0 {
			require.Zero(t, attempt(w, s, got))
			w.Trim()
		}
		require.Equal(t, bad, dropped, "seed %d", seed)
		require.Len(t, got, good, "seed %d", seed)
		for frame, times := range got {
			require.Equal(t, 1, times, "seed %d: %s", seed, frame)
		}
	}
}

// TestPoisonSearchOfAFullWindow: an outage costs little while many frames are held, nothing is lost, and the frames regain their order.
func TestPoisonSearchOfAFullWindow(t *testing.T) {
	const frames = 50000
	w, s := NewWindow(64<<20, 0), new(PoisonSearch)
	var want []string
	for i := range frames {
		want = append(want, fmt.Sprintf("frame %050d", i))
		w.Add([]byte(want[i]))
	}
	began, ordered := time.Now(), 0
	for range 250 {
		require.Zero(t, s.Advance(w))
		w.Reopen(s.Stepwise())
		w.Sent(1)
		s.Ended(w)
		require.Equal(t, frames, w.Len())
		if len(s.frames) == 0 {
			require.Equal(t, want[0], string(w.At(w.first)))
			ordered++
		}
	}
	assert.Less(t, time.Since(began), 20*time.Second)
	assert.Greater(t, ordered, 6, "they are all tried, and then begin anew")
	s.moveBack(w)
	require.Equal(t, want, held(w))
}

// TestSkipped: frames that a peer never acknowledges, while it acknowledges those behind them, are found, and no others are.
func TestSkipped(t *testing.T) {
	for seed := range int64(300) {
		rng := rand.New(rand.NewSource(seed))
		w, s := NewWindow(1<<20, 0), new(PoisonSearch)
		acked, bad, good, dropped := map[string]bool{}, 1+rng.Intn(5), 0, 0
		add := func() {
			w.Add(fmt.Appendf(nil, "good %d", good))
			good++
		}
		for i := range bad {
			for range rng.Intn(3) {
				add()
			}
			w.Add(fmt.Appendf(nil, "bad %d", i))
		}
		for connections := 0; dropped < bad; connections++ {
			require.Less(t, connections, 20*bad, "seed %d: %d dropped, and held are %v", seed, dropped, held(w))
			dropped += s.Advance(w)
			w.Reopen(s.Stepwise())
			if rng.Intn(2) == 0 || w.Len() < 2 {
				add()
			}
			frames := held(w)
			w.Sent(len(frames))
			ahead, behind := 0, false
			for i, frame := range frames {
				switch {
				case strings.HasPrefix(frame, "bad"):
					behind = true
				case behind:
					ahead++
				default:
					_ = w.Acknowledge(w.first + uint64(i))
					acked[frame] = true
				}
			}
			w.Ahead(uint64(ahead))
			passes := s.Skips(w)
			s.Ended(w)
			if passes {
				s.Skipped(w)
			}
		}
		require.EqualValues(t, bad, w.Dropped(), "seed %d", seed)
		for _, frame := range held(w) {
			require.True(t, strings.HasPrefix(frame, "good"), "seed %d: %s", seed, frame)
			acked[frame] = true
		}
		require.Len(t, acked, good, "seed %d", seed)
	}
}
