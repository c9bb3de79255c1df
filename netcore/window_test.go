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
		stay := w.takeBack(w.next() - uint64(i%5))
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
