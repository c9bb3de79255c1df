package netcore

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFramingAppend(t *testing.T) {
	for _, test := range []struct {
		name    string
		framing Framing
		payload string
		want    string
	}{
		{"a length comes first", LengthPrefix, "hello", "\x00\x00\x00\x05hello"},
		{"a length of nothing", LengthPrefix, "", "\x00\x00\x00\x00"},
		{"a newline comes last", Newline, "hello", "hello\n"},
		{"a newline inside is spelled out", Newline, "a\nb\n", `a\nb\n` + "\n"},
		{"a NUL is nothing special in a line", Newline, "a\x00b", "a\x00b\n"},
		{"a NUL comes last", NUL, "a\nb", "a\nb\x00"},
		{"a NUL inside is spelled out", NUL, "a\x00\x00b", `a\x00\x00b` + "\x00"},
		{"octets are counted, not runes", OctetCounting, "é1", "3 é1"},
		{"a datagram is itself", Unframed, "a\n\x00", "a\n\x00"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := test.framing.Append([]byte("before "), []byte(test.payload))
			assert.Equal(t, "before "+test.want, string(got))
		})
	}
}

func TestFramingSplitWaitsForWholeFrames(t *testing.T) {
	for _, framing := range []Framing{LengthPrefix, Newline, NUL, OctetCounting} {
		t.Run(framing.String(), func(t *testing.T) {
			b := framing.Append(framing.Append(nil, []byte("one")), []byte("two"))
			first := len(framing.Append(nil, []byte("one")))
			for n := range first {
				_, _, _, whole, err := framing.split(b[:n])
				require.NoError(t, err)
				require.False(t, whole, "%q", b[:n])
			}
			from, to, next, whole, err := framing.split(b)
			require.NoError(t, err)
			require.True(t, whole)
			assert.Equal(t, "one", string(b[from:to]))
			assert.Equal(t, first, next)
		})
	}
}

func TestFramingSplitRefusesWhatIsNoLength(t *testing.T) {
	for _, stream := range []string{"x", " 5 hello", "5x", "-1 a", "12345678901 a"} {
		_, _, _, _, err := OctetCounting.split([]byte(stream))
		assert.Error(t, err, "%q", stream)
	}
}

// FuzzFraming holds that one record in is one record out, whatever the bytes, and that splitting stays within what it is given.
func FuzzFraming(f *testing.F) {
	f.Add([]byte("hello\nworld\x00"), []byte("second"), []byte("\x00\x00\x00\x05he"))
	f.Add([]byte("7 forged\n"), []byte(""), []byte("99999999999999"))
	f.Fuzz(func(t *testing.T, a, b, noise []byte) {
		for _, framing := range []Framing{LengthPrefix, Newline, NUL, OctetCounting} {
			stream := framing.Append(framing.Append(nil, a), b)
			for _, want := range [][]byte{a, b} {
				from, to, next, whole, err := framing.split(stream)
				require.NoError(t, err)
				require.True(t, whole)
				if framing.binary() {
					require.Equal(t, string(want), string(stream[from:to]))
				}
				stream = stream[next:]
			}
			require.Empty(t, stream, "%v made more than two frames", framing)

			for rest := noise; ; {
				from, to, next, whole, err := framing.split(rest)
				if err != nil || !whole {
					break
				}
				require.True(t, 0 <= from && from <= to && to <= next && 0 < next && next <= len(rest))
				rest = rest[next:]
			}
		}
	})
}
