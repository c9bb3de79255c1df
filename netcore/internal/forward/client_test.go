package forward

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/netcore/internal/msgpack"
)

// fakeWindow has sent frames up to last, and notes what it is told.
type fakeWindow struct{ last, acknowledged, ahead uint64 }

var errTooMuch = errors.New("never sent")

func (w *fakeWindow) Ahead(n uint64) { w.ahead = n }

func (w *fakeWindow) Acknowledge(sequence uint64) error {
	if sequence > w.last {
		return errTooMuch
	}
	w.acknowledged = sequence
	return nil
}

// sent returns a message of n entries that is sent as frames of w, and the answer to it.
func sent(t testing.TB, c *Client, w *fakeWindow, n int) (message, answer []byte) {
	b := c.Begin(nil)
	for range n {
		b = append(b, 0xc0)
	}
	b = c.End(b, n)
	w.last += uint64(n)
	size, err := msgpack.Size(b)
	require.NoError(t, err)
	require.Equal(t, len(b), size)
	parts := elements(b)
	require.Len(t, parts, 3)
	chunk, ok := member(parts[2], "chunk")
	require.True(t, ok)
	return b, msgpack.AppendText(msgpack.AppendText([]byte{0x81}, "ack"), chunk.Bytes)
}

func TestMessage(t *testing.T) {
	c, err := Open(nil, Config{Tag: "shop"}, nil, 1)
	require.NoError(t, err)
	b := c.End(append(c.Begin(nil), 0xc0, 0xc0), 2)
	assert.Equal(t, "\x93\xa4shop\xdc\x00\x02\xc0\xc0\x81\xa4size\x02", string(b))
}

func TestChunksDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 10 {
		w := &fakeWindow{}
		c, err := Open(nil, Config{Tag: "shop"}, w, 1)
		require.NoError(t, err)
		for range 10 {
			_, answer := sent(t, c, w, 1)
			seen[string(answer)] = true
		}
	}
	require.Len(t, seen, 100)
}

func TestReceive(t *testing.T) {
	open := func(t *testing.T) (c *Client, w *fakeWindow, answers [][]byte) {
		w = &fakeWindow{last: 40}
		c, err := Open(nil, Config{Tag: "shop"}, w, 41)
		require.NoError(t, err)
		for _, n := range []int{1, 2, 3, 4} {
			_, answer := sent(t, c, w, n)
			answers = append(answers, answer)
		}
		return c, w, answers
	}
	t.Run("answers in order", func(t *testing.T) {
		c, w, answers := open(t)
		for i, want := range []uint64{41, 43, 46, 50} {
			rest, err := c.Receive(answers[i])
			require.NoError(t, err)
			require.Empty(t, rest)
			require.Equal(t, want, w.acknowledged)
		}
	})
	t.Run("answers out of order, and once more", func(t *testing.T) {
		c, w, answers := open(t)
		for _, step := range []struct {
			answer int
			want   uint64
			ahead  uint64
		}{{2, 0, 3}, {1, 0, 5}, {2, 0, 5}, {0, 46, 0}, {0, 46, 0}, {3, 50, 0}, {1, 50, 0}} {
			_, err := c.Receive(answers[step.answer])
			require.NoError(t, err)
			require.Equal(t, step.want, w.acknowledged)
			require.Equal(t, step.ahead, w.ahead)
		}
		require.Empty(t, c.early)
	})
	t.Run("half an answer", func(t *testing.T) {
		c, w, answers := open(t)
		both := append(bytes.Clone(answers[0]), answers[1]...)
		rest, err := c.Receive(both[:len(both)-1])
		require.NoError(t, err)
		require.Equal(t, answers[1][:len(answers[1])-1], rest)
		require.EqualValues(t, 41, w.acknowledged)
	})
	for name, test := range map[string]struct {
		said string
		want error
	}{
		"a chunk of somebody else's":       {"\x81\xa3ack\xb8MDEyMzQ1Njc4OWFiY2RlZg==", errUnknownChunk},
		"a chunk that is none":             {"\x81\xa3ack\xa1x", errUnknownChunk},
		"a chunk that is no base64":        {"\x81\xa3ack\xb8!!!!!!!!!!!!!!!!!!!!!!!!", errUnknownChunk},
		"the question for a key":           {"\x92\xa4HELO\x80", ErrWantsKey},
		"an array of something else":       {"\x91\xa4WHAT", errNoAnswer},
		"an empty array":                   {"\x90", errNoAnswer},
		"HTTP":                             {"HTTP/1.1 400", errNoAnswer},
		"what is no MessagePack":           {"\xc1", msgpack.ErrInvalid},
		"a map with something else in it":  {"\x81\xa1x\x91\xc0", nil},
		"an answer that is no text":        {"\x81\xa3ack\x90", nil},
		"a map whose end is never to come": {"\xdf\xff\xff\xff\xff", nil},
	} {
		t.Run(name, func(t *testing.T) {
			c, w, _ := open(t)
			_, err := c.Receive([]byte(test.said))
			require.ErrorIs(t, err, test.want)
			require.Zero(t, w.acknowledged)
		})
	}
}

func TestAllocations(t *testing.T) {
	w := &fakeWindow{}
	c, err := Open(nil, Config{Tag: "shop"}, w, 1)
	require.NoError(t, err)
	var b, answer []byte
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		b = c.End(append(c.Begin(b[:0]), 0xc0), 1)
		w.last++
		answer = append(append(answer[:0], "\x81\xa3ack"...), b[len(b)-encodedChunk-1:]...)
		if _, err := c.Receive(answer); err != nil {
			panic(err)
		}
	}))
	require.Equal(t, w.last, w.acknowledged)
}

// FuzzReceive holds that whatever a receiver says, no more is acknowledged than was sent, and that bytes are not made up.
func FuzzReceive(f *testing.F) {
	f.Add([]byte("\x81\xa3ack\xb8MDEyMzQ1Njc4OWFiY2RlZg=="), 3)
	f.Add([]byte("\x92\xa4HELO\x83\xa5nonce\xc4\x10aaaaaaaaaaaaaaaa\xa4auth\xa0\xa9keepalive\xc3"), 0)
	f.Fuzz(func(t *testing.T, noise []byte, cut int) {
		w := &fakeWindow{}
		c, err := Open(nil, Config{Tag: "shop"}, w, 1)
		require.NoError(t, err)
		_, first := sent(t, c, w, 2)
		_, second := sent(t, c, w, 3)
		said := append(append(bytes.Clone(first), noise...), second...)
		at := min(max(cut, 0), len(said))
		rest, err := c.Receive(said[:at])
		if err == nil {
			_, _ = c.Receive(append(bytes.Clone(rest), said[at:]...))
		}
		require.Contains(t, []uint64{2, 5}, w.acknowledged)
		greet := &conversation{Reader: bytes.NewReader(noise)}
		require.Error(t, shakeHands(greet, Config{Key: []byte("key")}))
	})
}
