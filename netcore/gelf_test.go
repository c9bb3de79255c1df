package netcore

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/sockets"
	base "example.com/zaphandlers/zapcore"
)

// graylog returns a socket for datagrams.
func graylog(t testing.TB) net.PacketConn {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.(*net.UDPConn).SetReadBuffer(1<<20))
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(soon)))
	return conn
}

// gelfMessage reads one message, of as many datagrams as it has.
func gelfMessage(t testing.TB, conn net.PacketConn) (message map[string]any, datagrams int) {
	var whole []byte
	var id string
	for buf := make([]byte, 64<<10); ; {
		n, _, err := conn.ReadFrom(buf)
		require.NoError(t, err)
		datagrams++
		b := buf[:n]
		if !bytes.HasPrefix(b, []byte{0x1e, 0x0f}) {
			whole = b
			break
		}
		if id == "" {
			id = string(b[2:10])
		}
		require.Equal(t, id, string(b[2:10]))
		require.Equal(t, datagrams-1, int(b[10]))
		whole = append(whole, b[12:]...)
		if datagrams == int(b[11]) {
			break
		}
	}
	if bytes.HasPrefix(whole, []byte{0x1f, 0x8b}) {
		r, err := gzip.NewReader(bytes.NewReader(whole))
		require.NoError(t, err)
		whole, err = io.ReadAll(r)
		require.NoError(t, err)
	}
	require.NoError(t, json.Unmarshal(whole, &message), "%s", whole)
	return message, datagrams
}

// noise is text that does not get shorter.
func noise(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + rand.IntN(64))
	}
	return strings.ReplaceAll(string(b), `\`, "x")
}

func TestGELFDatagrams(t *testing.T) {
	for _, compression := range []string{"", "gzip"} {
		conn := graylog(t)
		core := newCore(t, Config{Network: "udp", Address: conn.LocalAddr().String(), OnError: never(t),
			Formatter: GELF(GELFConfig{Host: "here", Compression: compression, ChunkSize: 1000})})
		for _, size := range []int{0, 700, 900, 988, 1976, 5000, 90_000} {
			text := noise(size)
			require.NoError(t, core.Write(entry("order"), []zapcore.Field{zap.String("text", text)}))
			message, datagrams := gelfMessage(t, conn)
			assert.Equal(t, "order", message["short_message"])
			assert.Equal(t, text, message["_text"])
			assert.Equal(t, "here", message["host"])
			if size > 1000 {
				assert.Greater(t, datagrams, 1)
			}
		}
		n, err := core.WriteBatch(newBatch("a", noise(3000), "b"))
		require.NoError(t, err)
		require.Equal(t, 3, n)
		for _, want := range []int{1, 4, 1} {
			_, datagrams := gelfMessage(t, conn)
			if compression == "" {
				assert.Equal(t, want, datagrams)
			}
		}
	}
}

// TestGELFTooLarge: what 128 chunks do not hold is refused and counted, and the others go on.
func TestGELFTooLarge(t *testing.T) {
	conn := graylog(t)
	core := newCore(t, Config{Network: "udp", Address: conn.LocalAddr().String(), OnError: never(t), Formatter: GELF(GELFConfig{ChunkSize: 100})})
	large := noise(128 * 88)
	require.ErrorContains(t, core.Write(entry(large), nil), "is larger than the limit of 11264")
	n, err := core.WriteBatch(newBatch("a", large, "b"))
	require.Equal(t, 3, n)
	var rejected *base.RejectedError
	require.ErrorAs(t, err, &rejected)
	require.Equal(t, []int{1}, rejected.Indexes)
	for _, want := range []string{"a", "b"} {
		message, _ := gelfMessage(t, conn)
		assert.Equal(t, want, message["short_message"])
	}
	assert.Equal(t, Stats{Accepted: 2, Delivered: 2, Refused: 2}, core.Stats())
}

// A Dial may make datagrams of what was to be a stream.
func TestGELFTooLargeForADial(t *testing.T) {
	conn := graylog(t)
	core := newCore(t, Config{Address: "x", OnError: never(t), Formatter: GELF(GELFConfig{ChunkSize: 100}),
		Dial: func(context.Context, string, string) (net.Conn, error) {
			return net.Dial("udp", conn.LocalAddr().String())
		}})
	require.ErrorContains(t, core.Write(entry(noise(128*88)), nil), "is larger than the limit of 11264")
	require.NoError(t, core.Write(entry(noise(5000)), nil))
	_, datagrams := gelfMessage(t, conn)
	assert.Greater(t, datagrams, 50)
}

func TestGELFStream(t *testing.T) {
	got := make(chan map[string]any, 10)
	p := sockets.Listen(t, "tcp", func(conn net.Conn) {
		for r := bufio.NewReader(conn); ; {
			b, err := r.ReadBytes(0)
			if err != nil {
				return
			}
			var message map[string]any
			_ = json.Unmarshal(b[:len(b)-1], &message)
			got <- message
		}
	})
	core := newCore(t, Config{Address: p.Address(), OnError: never(t), Formatter: GELF(GELFConfig{})})
	require.NoError(t, core.Write(entry("a\x00b"), []zapcore.Field{zap.String("zero\x00", "\x00")}))
	message := sockets.Receive(t, got)
	assert.Equal(t, "a\x00b", message["short_message"])
	assert.Equal(t, "\x00", message["_zero_"])
	large := noise(300_000)
	n, err := core.WriteBatch(newBatch("a", large))
	require.NoError(t, err)
	require.Equal(t, 2, n)
	assert.Equal(t, "a", sockets.Receive(t, got)["short_message"])
	assert.Equal(t, large, sockets.Receive(t, got)["short_message"])
}

func TestGELFConfig(t *testing.T) {
	for _, test := range []struct {
		cfg  Config
		gelf GELFConfig
		want string
	}{
		{Config{}, GELFConfig{Compression: "gzip"}, "GELFConfig.Compression is for datagrams"},
		{Config{}, GELFConfig{ChunkSize: 8192}, "GELFConfig.ChunkSize is for datagrams"},
		{Config{Network: "udp"}, GELFConfig{Compression: "lz4"}, `GELFConfig.Compression "lz4" is neither`},
		{Config{Network: "udp"}, GELFConfig{ChunkSize: 12}, "Config.ChunkSize 12 is not between 13 and 65507"},
		{Config{Framing: Newline}, GELFConfig{}, "Config.Framing of GELF is NUL"},
		{Config{Truncate: true}, GELFConfig{}, "do not go with GELF"},
		{Config{Key: testKey}, GELFConfig{}, "Config.Ack and Key do not go with GELF"},
	} {
		test.cfg.Address, test.cfg.Formatter = "x:1", GELF(test.gelf)
		_, err := New(test.cfg)
		require.ErrorContains(t, err, test.want)
	}
}

func TestGELFAllocatesNothing(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	fields := []zapcore.Field{zap.String("a", "b"), zap.Int64("n", 1<<40), zap.Bool("t", true), zap.Float64("f", 1.5),
		zap.Duration("d", time.Second), zap.Time("at", time.Unix(1, 2)), zap.Binary("b", []byte("x"))}
	for _, network := range []string{"tcp", "udp"} {
		for _, message := range []string{"hello", strings.Repeat("x", 3000)} {
			core := newCore(t, Config{Network: network, Address: sink(t, network), Formatter: GELF(GELFConfig{}), OnError: never(t)})
			ent := entry(message)
			assert.Zero(t, testing.AllocsPerRun(1000, func() { _ = core.Write(ent, fields) }), network)
			assert.Zero(t, core.Stats().Refused)
		}
	}
}
