package netcore

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWindow holds what a window keeps against a plain list.
func TestWindow(t *testing.T) {
	w := newWindow(100)
	var want []string
	first := uint64(1)
	check := func() {
		t.Helper()
		require.Equal(t, len(want), w.len())
		require.LessOrEqual(t, cap(w.buf), 8*w.limit, "it does not grow for ever")
		require.Equal(t, first, w.first)
		for i := range want {
			require.Equal(t, want[i], string(w.at(first+uint64(i))))
		}
	}
	for i := range 1000 {
		for w.hasRoom(10) {
			text := fmt.Sprint("payload ", i)
			w.add([]byte(text))
			want = append(want, text)
		}
		check()
		w.unsent, w.whole = w.next()-uint64(i%3), w.next()-uint64(i%3)
		w.call = w.next() - uint64(i%5)
		stay := w.takeBack()
		if cut := i%5 - stay; cut > 0 {
			want = want[:len(want)-cut]
		}
		check()
		n := min(i%7, len(want))
		require.NoError(t, w.confirm(first+uint64(n)-1))
		w.trim()
		want, first = want[n:], first+uint64(n)
		check()
	}
	require.Error(t, w.confirm(w.next()))
}

// TestWindowOfASmallerPeer holds what becomes of a window whose peer takes less than the one before.
func TestWindowOfASmallerPeer(t *testing.T) {
	w := newWindow(1000)
	for _, text := range []string{"confirmed", "too large a frame", "held", "another too large"} {
		w.add([]byte(text))
	}
	require.NoError(t, w.confirm(1))
	w.begin()
	for _, text := range []string{"new", "new and too large", "the last"} {
		w.add([]byte(text))
	}
	w.trim()
	session := w.session
	w.largest = 10
	require.True(t, w.dropLarger())
	require.NotEqual(t, session, w.session)
	require.False(t, w.dropLarger())
	require.Equal(t, "held new the last", string(w.at(2))+" "+string(w.at(3))+" "+string(w.at(4)))
	require.EqualValues(t, 5, w.next())
	require.EqualValues(t, 3, w.dropped)
	require.Equal(t, 1, w.takeBack(), "one of the call's frames was dropped, the others were never written")
	require.EqualValues(t, 3, w.next())
	require.Equal(t, "held", string(w.at(2)))
}
