package arena

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// Records that a reader has delivered ahead of their turn do not count as lost.
func TestAheadIsNotLost(t *testing.T) {
	arenaOf := func() (a *Arena, first, second *Reader) {
		a = New(minBlockSize*16, 2)
		for id := range uint64(4) {
			a.Put(zapcore.InfoLevel, tapeOf(id, 50))
		}
		return a, a.Reader(0), a.Reader(1)
	}
	t.Run("Evict", func(t *testing.T) {
		a, first, second := arenaOf()
		first.Ahead(0)
		_, losers, ok := a.Evict(Low)
		require.True(t, ok)
		require.Equal(t, []*Reader{second}, losers)
		require.Equal(t, base.Stats{Accepted: 4, Delivered: 1, Pending: 3}, first.Stats())
		require.Equal(t, base.Stats{Accepted: 4, Dropped: 1, Pending: 3}, a.Stats())
		first.Ahead(1)
		second.Ahead(1)
		_, losers, ok = a.Evict(Low)
		require.True(t, ok)
		require.Empty(t, losers)
		require.Equal(t, base.Stats{Accepted: 4, Delivered: 1, Dropped: 1, Pending: 2}, a.Stats())
	})
	t.Run("Abandon", func(t *testing.T) {
		a, first, second := arenaOf()
		require.True(t, first.Claim(1<<20))
		first.Ahead(1)
		second.Ahead(1)
		second.Ahead(3)
		lost := make([]int, 2)
		a.Abandon(nil, func(reader int, _ zapcore.Level) { lost[reader]++ })
		require.Equal(t, []int{3, 2}, lost)
		require.Equal(t, base.Stats{Accepted: 4, Delivered: 1, Dropped: 3}, first.Stats())
		require.Equal(t, base.Stats{Accepted: 4, Delivered: 2, Dropped: 2}, second.Stats())
		require.Equal(t, base.Stats{Accepted: 4, Delivered: 1, Dropped: 3}, a.Stats())
	})
	t.Run("Resolve", func(t *testing.T) {
		_, first, _ := arenaOf()
		first.Ahead(0)
		first.Ahead(2)
		require.True(t, first.Claim(1<<20))
		for range 3 {
			_, _, ok := first.Next()
			require.True(t, ok)
		}
		first.SetOutcome(1, base.Rejected)
		first.Resolve(3)
		require.Empty(t, first.ahead)
		require.Equal(t, base.Stats{Accepted: 4, Delivered: 2, Dropped: 1, Pending: 1}, first.Stats())
	})
}
