package netcore

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/sockets"
)

// TestMaxSizeIsThatOfTheFrame holds that a frame is within MaxSize with what is spelled out in it, so that a receiver which takes no more
// takes it.
func TestMaxSizeIsThatOfTheFrame(t *testing.T) {
	for _, test := range []struct {
		name    string
		framing Framing
		text    string
		want    string // of 8 bytes
	}{
		{"nothing to spell out", Newline, "12345678", "12345678"},
		{"one more", Newline, "123456789", "12345678"},
		{"newlines", Newline, "\n\n\n\n\n", `\n\n\n\n`},
		{"a newline that does not fit", Newline, "1234567\n", "1234567"},
		{"a rune before one", Newline, "12345é\n\n", "12345é"},
		{"a rune that does not fit behind one", Newline, "1234\n1é", `1234\n1`},
		{"NULs", NUL, "\x00\x00\x00", `\x00\x00`},
		{"a NUL that does not fit", NUL, "12345\x006", "12345"},
		{"newlines that need no spelling", NUL, "\n\n\n\n\n\n\n\n\n", "\n\n\n\n\n\n\n\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := make(chan string, 2)
			peer := sockets.Listen(t, "tcp", func(conn net.Conn) {
				b, _ := io.ReadAll(conn)
				got <- string(b)
			})
			core := newCore(t, Config{Address: peer.Address(), Encoder: plain(), Framing: test.framing, MaxSize: 8, Truncate: true, OnError: never(t)})
			require.NoError(t, core.Write(entry(test.text), nil))
			require.NoError(t, core.Close())
			assert.Equal(t, test.want+string(test.framing.Append(nil, nil)), sockets.Receive(t, got))
			whole := newCore(t, Config{Address: peer.Address(), Encoder: plain(), Framing: test.framing, MaxSize: 8, OnError: ignore})
			spelled := len(test.framing.Append(nil, []byte(test.text))) - 1
			assert.Equal(t, spelled > 8, whole.Write(entry(test.text), nil) != nil)
		})
	}
}

// TestADatagramHasRoomForItsSignature holds that what is cut for UDP goes into a datagram with all that is around it.
func TestADatagramHasRoomForItsSignature(t *testing.T) {
	for name, cfg := range map[string]Config{
		"a Key":                       {Key: []byte("0123456789abcdef"), Truncate: true},
		"a Key and a MaxSize":         {Key: []byte("0123456789abcdef"), Truncate: true, MaxSize: 65507},
		"a MaxSize that is too large": {Truncate: true, MaxSize: 1 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, ServerConfig{Network: "udp", Format: FormatLines, Key: cfg.Key, Target: zapcore.NewNopCore()})
			cfg.Network, cfg.Address, cfg.Encoder, cfg.OnError = "udp", s.Addr().String(), plain(), never(t)
			core := newCore(t, cfg)
			require.NoError(t, core.Write(entry(strings.Repeat("x", 70_000)), nil))
			require.Eventually(t, func() bool { return s.Stats().Accepted == 1 }, soon, tick)
		})
	}
	core := newCore(t, Config{Network: "udp", Address: "localhost:1", Encoder: plain(), Key: []byte("0123456789abcdef"), OnError: ignore})
	require.EqualError(t, core.Write(entry(strings.Repeat("x", 65_500)), nil), "netcore: record of 65500 bytes is larger than the limit of 65467")
	core = newCore(t, Config{Network: "udp", Address: "localhost:1", Formatter: Pickle(), OnError: ignore})
	require.ErrorContains(t, core.Write(entry(strings.Repeat("x", 70_000)), nil), "larger than the limit of 65503")
}

// Where only a Server can be the peer, an Emitter refuses what that would pass over, as a Core does.
func TestAnEmitterWithAKeyRefusesWhatAServerDoes(t *testing.T) {
	s := serve(t, ServerConfig{Format: FormatLines, Key: testKey, Target: zapcore.NewNopCore()})
	e := newTestEmitter(t, "tcp", s.Addr().String(), EmitterConfig{Framing: LengthPrefix, Key: testKey})
	require.ErrorContains(t, e.Emit(zapcore.Entry{}, make([]byte, DefaultMaxFrame+1)), "is larger than the limit of 1048576")
	require.NoError(t, e.Emit(zapcore.Entry{}, make([]byte, DefaultMaxFrame)))
	cuts := newTestEmitter(t, "tcp", s.Addr().String(), EmitterConfig{Framing: LengthPrefix, Key: testKey, Truncate: true})
	require.NoError(t, cuts.Emit(zapcore.Entry{}, make([]byte, DefaultMaxFrame+1)))
}
