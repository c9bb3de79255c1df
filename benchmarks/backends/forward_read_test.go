package backends

import (
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/IBM/fluent-forward-go/fluent/protocol"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tinylib/msgp/msgp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/sockets"
	"example.com/zaphandlers/netcore"
)

// greet is the receiver's side of the handshake, by an implementation that is not ours.
func greet(in *msgp.Reader, out *msgp.Writer, key []byte) error {
	helo := protocol.NewHelo(&protocol.HeloOpts{Nonce: []byte("a nonce of sixteen"), Keepalive: true})
	if err := helo.EncodeMsg(out); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	var ping protocol.Ping
	if err := ping.DecodeMsg(in); err != nil {
		return err
	}
	refused := protocol.ValidatePingDigest(&ping, key, helo.Options.Nonce)
	reason := ""
	if refused != nil {
		reason = "shared_key mismatch"
	}
	pong, err := protocol.NewPong(refused == nil, reason, "receiver", key, helo, &ping)
	if err != nil {
		return err
	}
	if err := pong.EncodeMsg(out); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return refused
}

// TestForwardIsReadByOthers: another implementation shakes hands, reads messages, and acknowledges them.
func TestForwardIsReadByOthers(t *testing.T) {
	key := []byte("shared")
	messages := make(chan protocol.ForwardMessage, 10)
	p := sockets.Listen(t, "tcp", func(conn net.Conn) {
		in, out := msgp.NewReader(conn), msgp.NewWriter(conn)
		if greet(in, out, key) != nil {
			return
		}
		for {
			var m protocol.ForwardMessage
			if err := m.DecodeMsg(in); err != nil {
				return
			}
			messages <- m
			ack := protocol.AckMessage{Ack: m.Options.Chunk}
			if ack.EncodeMsg(out) != nil || out.Flush() != nil {
				return
			}
		}
	})
	open := func(key string) *netcore.Core {
		core, err := netcore.New(netcore.Config{Address: p.Address(), Formatter: netcore.Forward(netcore.ForwardConfig{Tag: "shop"}),
			Ack: true, Key: []byte(key), Timeout: 10 * time.Second, OnError: func(err error) { t.Error(err) }})
		require.NoError(t, err)
		t.Cleanup(func() { _ = core.Close() })
		return core
	}

	core := open("shared")
	at := time.Unix(1763893230, 123456789)
	require.NoError(t, core.Write(zapcore.Entry{Time: at, Message: "order placed"}, []zapcore.Field{zap.Int("items", 3), zap.Strings("of", []string{"a", "b"})}))
	require.NoError(t, core.Sync())
	assert.Equal(t, netcore.Stats{Accepted: 1, Delivered: 1}, core.Stats())
	m := sockets.Receive(t, messages)
	assert.Equal(t, "shop", m.Tag)
	assert.Equal(t, 1, *m.Options.Size)
	require.Len(t, m.Entries, 1)
	assert.True(t, at.Equal(m.Entries[0].Timestamp.Time), m.Entries[0].Timestamp.Time)
	assert.Equal(t, "map[items:3 level:info message:order placed of:[a b]]", fmt.Sprint(m.Entries[0].Record))

	n, err := core.WriteBatch(batchOf(t, records("x")[:8]))
	require.NoError(t, err)
	require.Equal(t, 8, n)
	require.NoError(t, core.Sync())
	assert.Len(t, sockets.Receive(t, messages).Entries, 8)

	require.ErrorContains(t, open("other").Write(zapcore.Entry{Message: "x"}, nil), `the receiver refuses the connection: "shared_key mismatch"`)
}
