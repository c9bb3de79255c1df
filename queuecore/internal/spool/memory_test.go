package spool

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The list of free units never grows beyond the number of units, however many records have taken several in a row.
func TestRowsLeaveNothingBehind(t *testing.T) {
	h := header{unit: 1 << 10, units: 64}
	m := newMemory(make([]byte, unitsAt+h.units*h.unit), h, make([]uint64, 1))
	for range 10_000 {
		large, _ := m.Block(5 << 10)
		small, _ := m.Block(10)
		m.Free(large)
		m.Free(small)
	}
	require.Equal(t, h.units, m.frees)
	require.LessOrEqual(t, len(m.singles), h.units)
	for range h.units {
		require.True(t, m.Fits(10))
		m.Block(10)
	}
	require.False(t, m.Fits(10))
}
