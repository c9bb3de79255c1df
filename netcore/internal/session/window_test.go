package session

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWindow holds what a window keeps against a plain list.
func TestWindow(t *testing.T) {
	w := NewWindow(100, 0)
	var want []string
	first := uint64(1)
	check := func() {
		t.Helper()
		require.Equal(t, len(want), w.Len())
		require.LessOrEqual(t, cap(w.buf), 8*w.limit, "it does not grow for ever")
		require.Equal(t, first, w.first)
		for i := range want {
			require.Equal(t, want[i], string(w.At(first+uint64(i))))
		}
	}
	for i := range 1000 {
		for w.HasRoom(10) {
			text := fmt.Sprint("payload ", i)
			w.Add([]byte(text))
			want = append(want, text)
		}
		check()
		w.unsent, w.whole = w.Next()-uint64(i%3), w.Next()-uint64(i%3)
		w.call = w.Next() - uint64(i%5)
		stay := w.TakeBack()
		if cut := i%5 - stay; cut > 0 {
			want = want[:len(want)-cut]
		}
		check()
		n := min(i%7, len(want))
		require.NoError(t, w.Acknowledge(first+uint64(n)-1))
		w.Trim()
		want, first = want[n:], first+uint64(n)
		check()
	}
	require.Error(t, w.Acknowledge(w.Next()))
}

// TestWindowOfASmallerPeer holds what becomes of a window whose peer takes less than the one before.
func TestWindowOfASmallerPeer(t *testing.T) {
	w := NewWindow(1000, 0)
	for _, text := range []string{"confirmed", "too large a frame", "held", "another too large"} {
		w.Add([]byte(text))
	}
	require.NoError(t, w.Acknowledge(1))
	w.Begin()
	for _, text := range []string{"new", "new and too large", "the last"} {
		w.Add([]byte(text))
	}
	w.Trim()
	session := w.session
	w.largest = 10
	require.True(t, w.dropLarger())
	require.NotEqual(t, session, w.session)
	require.False(t, w.dropLarger())
	require.Equal(t, "held new the last", string(w.At(2))+" "+string(w.At(3))+" "+string(w.At(4)))
	require.EqualValues(t, 5, w.Next())
	require.EqualValues(t, 3, w.dropped)
	require.Equal(t, 1, w.TakeBack(), "one of the call's frames was dropped, the others were never written")
	require.EqualValues(t, 3, w.Next())
	require.Equal(t, "held", string(w.At(2)))
}

// TestAbandon: what was given up is dropped and not delivered too, though its acknowledgement comes a moment later.
func TestAbandon(t *testing.T) {
	w := NewWindow(100, 0)
	w.Begin()
	for range 5 {
		w.Add([]byte("x"))
	}
	w.Sent(5)
	require.NoError(t, w.Acknowledge(2))
	w.Trim()
	require.EqualValues(t, 3, w.Abandon())
	w.Reject()
	require.NoError(t, w.Acknowledge(5))
	w.Trim()
	require.EqualValues(t, 2, w.Delivered())
	require.EqualValues(t, 3, w.Dropped())
}

// TestAbandonAhead: what the peer has, though not all that was before it, is delivered.
func TestAbandonAhead(t *testing.T) {
	for _, test := range []struct{ ahead, acknowledged, delivered, dropped uint64 }{
		{0, 1, 1, 4}, {3, 1, 4, 1}, {3, 4, 5, 0}, {3, 5, 5, 0},
	} {
		w := NewWindow(100, 0)
		for range 5 {
			w.Add([]byte("x"))
		}
		w.Sent(5)
		w.Ahead(test.ahead)
		require.NoError(t, w.Acknowledge(test.acknowledged)) // Ahead is called a moment later
		w.Trim()
		require.EqualValues(t, test.dropped, w.Abandon())
		w.Ahead(0)
		require.EqualValues(t, test.delivered, w.Delivered())
		require.EqualValues(t, test.dropped, w.Dropped())
	}
}

// TestWindowGivesItsMemoryBack holds that what a receiver that was away has had held for it is not kept for ever.
func TestWindowGivesItsMemoryBack(t *testing.T) {
	w := NewWindow(64<<20, 0)
	for range 8 {
		w.Add(make([]byte, 1<<20))
	}
	w.Sent(8)
	require.NoError(t, w.Acknowledge(7))
	w.Trim()
	require.Len(t, w.At(8), 1<<20)
	require.NoError(t, w.Acknowledge(8))
	w.Trim()
	require.Zero(t, w.Len())
	require.LessOrEqual(t, cap(w.buf), keepWindow)
	w.Add([]byte("next"))
	require.EqualValues(t, 9, w.Next()-1)
	require.Equal(t, "next", string(w.At(9)))
}
