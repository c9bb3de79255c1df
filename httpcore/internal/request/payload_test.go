package request

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A connection takes a payload as it takes any other reader, whatever was read of it before.
func TestLender(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	content := bytes.Repeat([]byte("0123456789"), 1000)
	for name, body := range map[string]io.Reader{
		"a payload": &reader{payload: &Payload{bytes: content}},
		"a reader":  bytes.NewReader(content),
	} {
		conn, err := NewTransport(nil, "", time.Second).dial(t.Context(), "tcp", l.Addr().String())
		require.NoError(t, err)
		peer, err := l.Accept()
		require.NoError(t, err)
		begun := make([]byte, 3)
		_, err = io.ReadFull(body, begun)
		require.NoError(t, err)
		limited := &io.LimitedReader{R: body, N: 9000}
		n, err := io.Copy(conn, limited)
		require.NoError(t, err)
		require.Equal(t, int64(9000), n, name)
		require.Zero(t, limited.N, name)
		rest, err := io.ReadAll(body)
		require.NoError(t, err)
		require.NoError(t, conn.Close())
		sent, err := io.ReadAll(peer)
		require.NoError(t, err)
		require.NoError(t, peer.Close())
		require.Equal(t, string(content), string(begun)+string(sent)+string(rest), name)
	}
}

func TestAPayloadThatIsDetachedLendsNothing(t *testing.T) {
	p := &Payload{bytes: []byte("abc")}
	r := &reader{payload: p}
	p.Detach()
	_, err := r.Read(make([]byte, 3))
	require.ErrorIs(t, err, errDetached)
	_, err = r.writeTo(io.Discard, 3)
	require.ErrorIs(t, err, errDetached)
}
