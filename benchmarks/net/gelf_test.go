package net

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"gopkg.in/Graylog2/go-gelf.v2/gelf"

	"example.com/zaphandlers/internal/sockets"
	"example.com/zaphandlers/netcore"
)

// sizes are of a text in a record: with the rest of it, datagrams alone and in chunks, the last of which is full, or not, or holds a byte.
var sizes = []int{0, 1000, 1200, 1400, 2600, 2816, 10_000, 100_000}

func gelfFields(size int) []zapcore.Field {
	return []zapcore.Field{zap.String("text", strings.Repeat("0123456789", size/10)), zap.Int("n", size), zap.Float64("f", 0.5), zap.Bool("yes", true),
		zap.String("id", "forged"), zap.Duration("took", time.Second), zap.Error(errors.New("broken")), zap.Dict("o", zap.Int("deep", 1)),
		zap.Uint64("large", math.MaxUint64), zap.String("with blank", "x")}
}

func checkGELF(t *testing.T, got *gelf.Message, size int) {
	require.Equal(t, "1.1", got.Version)
	require.Equal(t, "here", got.Host)
	require.Equal(t, "order", got.Short)
	require.Equal(t, "order\nof today", got.Full)
	require.EqualValues(t, gelf.LOG_WARNING, got.Level)
	require.InDelta(t, 1763893230.123456789, got.TimeUnix, 1e-6)
	require.Equal(t, map[string]any{"_text": strings.Repeat("0123456789", size/10), "_n": float64(size), "_f": 0.5, "_yes": "true", "_id_": "forged",
		"_took": 1.0, "_error": "broken", "_o.deep": 1.0, "_large": "18446744073709551615", "_with_blank": "x"}, got.Extra)
}

var gelfEntry = zapcore.Entry{Level: zapcore.WarnLevel, Time: time.Unix(1763893230, 123456789), Message: "order\nof today"}

// TestGELFDatagrams: go-gelf's own reader reads what is sent, compressed or not, in chunks or not.
func TestGELFDatagrams(t *testing.T) {
	for _, compression := range []string{"", "gzip", "zlib"} {
		t.Run(fmt.Sprintf("compression %q", compression), func(t *testing.T) {
			reader, err := gelf.NewReader("127.0.0.1:0")
			require.NoError(t, err)
			core, err := netcore.New(netcore.Config{Network: "udp", Address: reader.Addr(), Timeout: soon,
				Formatter: netcore.GELF(netcore.GELFConfig{Host: "here", Compression: compression})})
			require.NoError(t, err)
			defer core.Close()
			for _, size := range sizes {
				require.NoError(t, core.Write(gelfEntry, gelfFields(size)))
				got, err := reader.ReadMessage()
				require.NoError(t, err)
				checkGELF(t, got, size)
			}
		})
	}
}

// TestGELFStream: over TCP go-gelf reads up to a zero byte, and then as its datagrams.
func TestGELFStream(t *testing.T) {
	messages := make(chan []byte, len(sizes))
	p := sockets.Listen(t, "tcp", func(conn net.Conn) {
		for r := bufio.NewReader(conn); ; {
			b, err := r.ReadBytes(0)
			if err != nil {
				return
			}
			messages <- bytes.TrimSuffix(b, []byte{0})
		}
	})
	core, err := netcore.New(netcore.Config{Address: p.Address(), Timeout: soon, Formatter: netcore.GELF(netcore.GELFConfig{Host: "here"})})
	require.NoError(t, err)
	defer core.Close()
	for _, size := range sizes {
		require.NoError(t, core.Write(gelfEntry, gelfFields(size)))
		got := new(gelf.Message)
		require.NoError(t, got.UnmarshalJSON(sockets.Receive(t, messages)))
		checkGELF(t, got, size)
	}
}
