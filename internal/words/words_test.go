package words

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLoadsAreLittleEndian(t *testing.T) {
	const text = "0123456789\xff\x80\x00z"
	for i := range len(text) - 8 + 1 {
		require.Equal(t, binary.LittleEndian.Uint64([]byte(text[i:])), Load64(text, i))
	}
	for i := range len(text) - 4 + 1 {
		require.Equal(t, binary.LittleEndian.Uint32([]byte(text[i:])), Load32(text, i))
	}
	require.Panics(t, func() { Load64(text, len(text)-7) })
	require.Panics(t, func() { Load32(text, -1) })
}
