package sysloghandler

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// void is a connection that takes everything.
type void struct {
	net.Conn
	address net.Addr
}

func (v void) Write(p []byte) (int, error)      { return len(p), nil }
func (v void) LocalAddr() net.Addr              { return v.address }
func (v void) SetWriteDeadline(time.Time) error { return nil }
func (v void) Close() error                     { return nil }

func intoTheVoid(context.Context, string, string) (net.Conn, error) {
	return void{address: &net.UDPAddr{}}, nil
}

func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	plain := []zapcore.Field{zap.Int("status", 200), zap.String("path", "/a \"b\""), zap.Duration("took", 1500*time.Microsecond), zap.Bool("ok", true)}
	nested := []zapcore.Field{zap.Dict("o", zap.Int("a", 1)), zap.Strings("s", []string{"a", "b"}), zap.Namespace("n"), zap.Float64("f", 0.5)}
	ent := entry("order taken")
	ent.LoggerName, ent.Caller = "http.orders", zapcore.EntryCaller{Defined: true, File: "/src/shop/http/orders.go", Line: 12}

	for f := RFC5424; f < formats; f++ {
		cfg := Config{Network: "udp", Dial: intoTheVoid, Format: f, SequenceID: f == RFC5424}
		core := newCore(t, cfg)
		child := core.With([]zapcore.Field{zap.String("request", "4711")})
		assert.Zero(t, testing.AllocsPerRun(100, func() { _ = child.Write(ent, plain) }), "%v: Write", f)

		formatter := formatterOf(t, cfg)
		var r base.Record
		require.NoError(t, r.Capture(ent, base.Context{}, nested))
		var buf []byte
		assert.Zero(t, testing.AllocsPerRun(100, func() { buf, _ = formatter.Append(buf[:0], &r) }), "%v: nested fields", f)
	}

	core := newCore(t, Config{Network: "udp", Dial: intoTheVoid, SequenceID: true})
	batch := batchOf(t, "a", "b", "c")
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = core.WriteBatch(batch) }), "WriteBatch")
}
