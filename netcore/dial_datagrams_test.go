package netcore

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/sockets"
	base "example.com/zaphandlers/zapcore"
)

// A Dial that makes datagrams where TLS, Ack or a protocol of streams was asked for gets nothing: it would go in clear, or be confirmed by
// nobody.
func TestADialOfDatagramsWhereAStreamIsNeeded(t *testing.T) {
	peer, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer peer.Close()
	dial := func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("udp", peer.LocalAddr().String())
	}
	forward := Forward(ForwardConfig{Tag: "x"})
	for want, cfg := range map[string]Config{
		"TLS":     {TLS: &tls.Config{InsecureSkipVerify: true}},
		"Ack":     {Ack: true},
		"Forward": {Formatter: forward},
	} {
		cfg.Address, cfg.Dial, cfg.Timeout, cfg.OnError = "receiver:1", dial, 10*time.Second, ignore
		core, err := New(cfg)
		require.NoError(t, err)
		err = core.Write(zapcore.Entry{Message: "secret"}, nil)
		require.ErrorContains(t, err, "dial tcp receiver:1: the connection is one of datagrams, and "+want+" needs a stream")
		require.NoError(t, core.Close())
		assert.Equal(t, Stats{Refused: 1}, core.Stats())
	}
	emitter, err := NewEmitter(EmitterConfig{RELP: true, Address: "receiver:1", Dial: dial, Report: base.NewReporter("test", ignore)})
	require.NoError(t, err)
	require.ErrorContains(t, emitter.Emit(zapcore.Entry{}, []byte("secret")), "and RELP needs a stream")
	require.NoError(t, emitter.Close())

	conn, err := dial(t.Context(), "", "")
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte("first"))
	require.NoError(t, err)
	require.NoError(t, peer.SetReadDeadline(time.Now().Add(soon)))
	b := make([]byte, 100)
	n, _, err := peer.ReadFrom(b)
	require.NoError(t, err)
	assert.Equal(t, "first", string(b[:n]), "nothing was sent before")
}

// Nor does one that makes a stream of what only a datagram can hold.
func TestADialOfAStreamWhereDatagramsAreNeeded(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	core := newCore(t, Config{Network: "udp", Address: "graylog", Formatter: GELF(GELFConfig{Compression: "gzip"}), OnError: ignore,
		Dial: func(context.Context, string, string) (net.Conn, error) { return near, nil }})
	require.NoError(t, far.SetReadDeadline(time.Now().Add(soon)))
	read := make(chan error, 1)
	go func() {
		_, err := far.Read(make([]byte, 1))
		read <- err
	}()
	require.ErrorContains(t, core.Write(entry("x"), nil), "dial udp graylog: the connection is a stream, and Compression needs datagrams")
	require.ErrorIs(t, sockets.Receive(t, read), io.EOF, "nothing was sent")
}
