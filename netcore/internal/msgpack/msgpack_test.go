package msgpack

import (
	"bytes"
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each value in the bytes that the specification gives it, and back.
func TestValues(t *testing.T) {
	long := strings.Repeat("x", 70_000)
	for _, test := range []struct {
		got  []byte
		want string // the beginning, in hex
		back Value
	}{
		{AppendNil(nil), "c0", Value{}},
		{AppendBool(nil, false), "c2", Value{Kind: Bool}},
		{AppendBool(nil, true), "c3", Value{Kind: Bool, Bool: true}},
		{AppendInt(nil, 0), "00", Value{Kind: Uint}},
		{AppendInt(nil, 127), "7f", Value{Kind: Uint, Uint: 127}},
		{AppendInt(nil, 128), "cc80", Value{Kind: Uint, Uint: 128}},
		{AppendInt(nil, 256), "cd0100", Value{Kind: Uint, Uint: 256}},
		{AppendInt(nil, 1<<16), "ce00010000", Value{Kind: Uint, Uint: 1 << 16}},
		{AppendUint(nil, math.MaxUint64), "cfffffffffffffffff", Value{Kind: Uint, Uint: math.MaxUint64}},
		{AppendInt(nil, -1), "ff", Value{Kind: Int, Int: -1}},
		{AppendInt(nil, -32), "e0", Value{Kind: Int, Int: -32}},
		{AppendInt(nil, -33), "d0df", Value{Kind: Int, Int: -33}},
		{AppendInt(nil, -129), "d1ff7f", Value{Kind: Int, Int: -129}},
		{AppendInt(nil, math.MinInt16-1), "d2ffff7fff", Value{Kind: Int, Int: math.MinInt16 - 1}},
		{AppendInt(nil, math.MinInt64), "d38000000000000000", Value{Kind: Int, Int: math.MinInt64}},
		{AppendFloat32(nil, 0.5), "ca3f000000", Value{Kind: Float, Float: 0.5}},
		{AppendFloat64(nil, -2), "cbc000000000000000", Value{Kind: Float, Float: -2}},
		{AppendText(nil, ""), "a0", Value{Kind: Text, Bytes: []byte{}}},
		{AppendText(nil, "shop"), "a473686f70", Value{Kind: Text, Bytes: []byte("shop")}},
		{AppendText(nil, long[:32]), "d92078", Value{Kind: Text, Bytes: []byte(long[:32])}},
		{AppendText(nil, long[:256]), "da010078", Value{Kind: Text, Bytes: []byte(long[:256])}},
		{AppendText(nil, long), "db0001117078", Value{Kind: Text, Bytes: []byte(long)}},
		{AppendBytes(nil, "\x00"), "c40100", Value{Kind: Bytes, Bytes: []byte{0}}},
		{AppendBytes(nil, long[:256]), "c5010078", Value{Kind: Bytes, Bytes: []byte(long[:256])}},
		{AppendBytes(nil, long), "c60001117078", Value{Kind: Bytes, Bytes: []byte(long)}},
		{[]byte{0xd7, 0, 1, 2, 3, 4, 5, 6, 7, 8}, "d700", Value{Kind: Extension, Bytes: []byte{1, 2, 3, 4, 5, 6, 7, 8}}},
		{[]byte{0xc7, 2, 0xff, 1, 2}, "c702", Value{Kind: Extension, Type: -1, Bytes: []byte{1, 2}}},
		{[]byte{0xd1, 0x01, 0x00}, "d10100", Value{Kind: Uint, Uint: 256}},
		{[]byte{0xdc, 0xff, 0xff}, "dc", Value{Kind: Array, Count: math.MaxUint16}},
		{[]byte{0xdf, 0xff, 0xff, 0xff, 0xff}, "df", Value{Kind: Map, Count: math.MaxUint32}},
	} {
		t.Run(test.want, func(t *testing.T) {
			assert.True(t, strings.HasPrefix(hex.EncodeToString(test.got), test.want), "%x", test.got[:min(20, len(test.got))])
			v, n, err := Next(test.got)
			require.NoError(t, err)
			assert.Equal(t, len(test.got), n)
			assert.Equal(t, test.back, v)
			for i := range min(len(test.got), 12) {
				_, n, err := Next(test.got[:i])
				require.NoError(t, err)
				require.Zero(t, n, "%d bytes", i)
			}
		})
	}
	_, _, err := Next([]byte{0xc1})
	require.ErrorIs(t, err, ErrInvalid)
	_, err = Size([]byte{0x91, 0xc1})
	require.ErrorIs(t, err, ErrInvalid)
}

// A head that was made too short is made longer, and what is behind it moves.
func TestContainers(t *testing.T) {
	for _, n := range []int{0, 1, 15, 16, 300, math.MaxUint16, math.MaxUint16 + 1} {
		for _, room := range []int{1, 3, 5} {
			b, outer := OpenMap(AppendNil(nil), 1)
			b = AppendText(b, "list")
			b, list := OpenArray(b, room)
			for i := range n {
				b = AppendUint(b, uint64(i))
			}
			b = outer.Close(list.Close(b, n), 1)
			size, err := Size(b[1:])
			require.NoError(t, err)
			require.Equal(t, len(b)-1, size, "%d values, %d bytes", n, room)
			v, head, err := Next(b[7:])
			require.NoError(t, err)
			require.Equal(t, Value{Kind: Array, Count: uint32(n)}, v)
			b = b[7+head:]
			for i := range n {
				v, size, err := Next(b)
				require.NoError(t, err)
				require.Equal(t, Value{Kind: Uint, Uint: uint64(i)}, v)
				b = b[size:]
			}
			require.Empty(t, b)
		}
	}
}

// FuzzSize holds that nothing is read beyond what is there, and that what is whole stays whole whatever follows it.
func FuzzSize(f *testing.F) {
	f.Add([]byte{0x82, 0xa1, 'a', 0xdd, 0, 0, 0, 1, 0xc0, 0xa1, 'b', 0xc7, 1, 0, 7})
	f.Add([]byte{0xdf, 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{0xc6, 0xff, 0xff, 0xff, 0xff, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := Size(b)
		require.LessOrEqual(t, n, len(b))
		if err != nil || n == 0 {
			return
		}
		again, err := Size(append(bytes.Clone(b[:n]), 0xc1))
		require.NoError(t, err)
		require.Equal(t, n, again)
		for i := range n {
			short, err := Size(b[:i])
			require.NoError(t, err)
			require.Zero(t, short)
		}
	})
}
