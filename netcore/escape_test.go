package netcore

import (
	"bytes"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/internal/sockets"
)

const controls = "a\nb\r\tc\x1b[31m\x7f\x00\u0085é😀\\\xc2"

const visible = `a\nb\r\tc\x1b[31m\x7f\x00\u0085é😀\` + "\xc2"

func TestEscapeControls(t *testing.T) {
	for _, framing := range []Framing{Newline, NUL, OctetCounting, LengthPrefix} {
		t.Run(framing.String(), func(t *testing.T) {
			got := make(chan []byte, 1)
			p := sockets.Listen(t, "tcp", func(conn net.Conn) {
				var b bytes.Buffer
				_, _ = b.ReadFrom(conn)
				got <- b.Bytes()
			})
			core := newCore(t, Config{Address: p.Address(), Encoder: plain(), Framing: framing, EscapeControls: true, OnError: never(t)})
			require.NoError(t, core.Write(entry(controls), nil))
			require.NoError(t, core.Write(entry("plain"), nil))
			require.NoError(t, core.Close())
			want := framing.Append(framing.Append(nil, []byte(visible)), []byte("plain"))
			assert.Equal(t, string(want), string(sockets.Receive(t, got)))
		})
	}
	t.Run("in datagrams, within MaxSize", func(t *testing.T) {
		conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
		require.NoError(t, err)
		defer conn.Close()
		core := newCore(t, Config{Network: "udp", Address: conn.LocalAddr().String(), Encoder: plain(), EscapeControls: true, MaxSize: 8, Truncate: true, OnError: never(t)})
		require.NoError(t, core.Write(entry("1\n2\n3\n4\n5\n6"), nil))
		b := make([]byte, 100)
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(soon)))
		n, _, err := conn.ReadFrom(b)
		require.NoError(t, err)
		assert.Equal(t, `1\n2\n3\`, string(b[:n]))
	})
	t.Run("is for text", func(t *testing.T) {
		_, err := New(Config{Address: "x:1", Formatter: Records(), EscapeControls: true})
		require.ErrorContains(t, err, "netcore: Config.EscapeControls is for text")
	})
}

// FuzzAppendVisible holds that no control character stays, and that what has none is not touched.
func FuzzAppendVisible(f *testing.F) {
	f.Add([]byte(controls))
	f.Add([]byte("\xc2"))
	f.Fuzz(func(t *testing.T, b []byte) {
		out := appendVisible(nil, b)
		require.False(t, hasControls(out), "%q", out)
		require.Equal(t, !hasControls(b), bytes.Equal(b, out))
	})
}
