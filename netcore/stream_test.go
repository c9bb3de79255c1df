package netcore

import (
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// memoryConn is the server's end of a connection on which all that the client sends is known.
type memoryConn struct {
	net.Conn
	stream []byte
	chunk  int // how much one Read returns at most
}

func (c *memoryConn) Read(b []byte) (int, error) {
	if len(c.stream) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), c.chunk)], c.stream)
	c.stream = c.stream[n:]
	return n, nil
}
func (c *memoryConn) Write(b []byte) (int, error)      { return len(b), nil }
func (c *memoryConn) Close() error                     { return nil }
func (c *memoryConn) RemoteAddr() net.Addr             { return &net.UnixAddr{Net: "unix"} }
func (c *memoryConn) SetDeadline(time.Time) error      { return nil }
func (c *memoryConn) SetReadDeadline(time.Time) error  { return nil }
func (c *memoryConn) SetWriteDeadline(time.Time) error { return nil }

// FuzzServerStream holds that a Server makes the same records of a stream, whatever the bytes and however they are cut into
// reads, and gives its memory back.
func FuzzServerStream(f *testing.F) {
	f.Add([]byte("one\ntwo\n\nthree"), uint8(0))
	f.Add([]byte("3 one5 three700 x"), uint8(1))
	f.Add([]byte("one\x00two"), uint8(2))
	f.Add([]byte("\x00\x00\x00\x03one\x00\x00\x02\x00too large"), uint8(3))
	f.Add(append(frame("record"), frame("again")...), uint8(4))
	f.Add([]byte("\x00\x00\x00\x07}(N)u.."), uint8(5))
	framings := []Framing{Newline, OctetCounting, NUL, LengthPrefix, LengthPrefix, LengthPrefix}
	formats := []Format{FormatLines, FormatLines, FormatLines, FormatLines, FormatRecords, FormatPickle}
	f.Fuzz(func(t *testing.T, stream []byte, kind uint8) {
		i := int(kind) % len(formats)
		want := ""
		for _, chunk := range []int{1, 7, 1 << 20} {
			target, logs := observer.New(zapcore.DebugLevel)
			s, err := NewServer(ServerConfig{Address: "127.0.0.1:0", Format: formats[i], Framing: framings[i], MaxFrame: 64,
				Target: target, OnError: ignore})
			require.NoError(t, err)
			newServerConn(s, &memoryConn{stream: stream, chunk: chunk}).serve()
			require.NoError(t, s.Close())
			require.Zero(t, s.memory.Load())
			got := fmt.Sprint(s.Stats().Refused, " refused")
			for _, e := range logs.All() {
				got += fmt.Sprintf("\n%v %q", e.Level, e.Message)
			}
			if want == "" {
				want = got
			}
			require.Equal(t, want, got, "in reads of %d bytes", chunk)
		}
	})
}
