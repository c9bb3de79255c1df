package netcore

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/peers"
	"example.com/zaphandlers/internal/sockets"
)

// manualClock stands still until it is told.
type manualClock struct{ now time.Time }

func (c *manualClock) Now() time.Time                         { return c.now }
func (c *manualClock) NewTicker(d time.Duration) *time.Ticker { return time.NewTicker(d) }

// attempts is a program for Python's own SocketHandler: it logs once each tenth of a second of a made-up clock to a port
// where nothing listens, and prints at which ticks the handler tried to connect. From a given tick on for a while the port is
// open.
const attempts = `
import json, logging, logging.handlers, sys
start, factor, limit, ticks, up_from, up_to = json.loads(sys.argv[1])
now = 0.0
class Time:
    def time(self): return now
logging.handlers.time = Time()
tried = []
class Wire:
    def sendall(self, b):
        if not up: raise OSError("broken pipe")
    def close(self): pass
class Handler(logging.handlers.SocketHandler):
    def makeSocket(self, timeout=1):
        tried.append(tick)
        if not up: raise OSError("refused")
        return Wire()
h = Handler("localhost", 1)
h.retryStart, h.retryFactor, h.retryMax = start, factor, limit
record = logging.makeLogRecord({"msg": "x"})
for tick in range(ticks):
    now = tick / 10
    up = up_from <= tick < up_to
    h.emit(record)
print(json.dumps(tried))
`

// TestBackoffIsPythons holds that the sequence of attempts is that of Python's SocketHandler, run beside.
func TestBackoffIsPythons(t *testing.T) {
	python := peers.Python(t, "")
	for _, test := range []struct {
		start, factor, limit float64
		ticks, upFrom, upTo  int
	}{
		{1, 2, 30, 1500, 0, 0},
		{0.5, 3, 10, 600, 0, 0},
		{1, 1, 30, 100, 0, 0},
		{5, 2, 3, 300, 0, 0}, // the first delay is not limited
		{0.3, 1.5, 4, 400, 0, 0},
		{1, 2, 30, 900, 100, 400}, // up for longer than any delay, then down again
	} {
		name := fmt.Sprintf("start %v, factor %v, max %v, up %d-%d", test.start, test.factor, test.limit, test.upFrom, test.upTo)
		t.Run(name, func(t *testing.T) {
			args, err := json.Marshal([]any{test.start, test.factor, test.limit, test.ticks, test.upFrom, test.upTo})
			require.NoError(t, err)
			out, err := exec.Command(python, "-c", attempts, string(args)).Output()
			require.NoError(t, err)
			var want []int
			require.NoError(t, json.Unmarshal(out, &want))

			var got []int
			var wire *brokenConn
			clock := &manualClock{}
			tick, up := 0, false
			core := newCore(t, Config{Address: "x:1", OnError: ignore, clock: clock,
				RetryStart:  time.Duration(test.start * float64(time.Second)),
				RetryFactor: test.factor,
				RetryMax:    time.Duration(test.limit * float64(time.Second)),
				Dial: func(context.Context, string, string) (net.Conn, error) {
					got = append(got, tick)
					if !up {
						return nil, errFake
					}
					wire = &brokenConn{}
					return wire, nil
				}})
			for tick = range test.ticks {
				clock.now = time.Unix(0, 0).Add(time.Duration(tick) * 100 * time.Millisecond)
				up = test.upFrom <= tick && tick < test.upTo
				if wire != nil {
					wire.broken = !up
				}
				_ = core.Write(entry("x"), nil)
			}
			if test.upTo > 0 {
				// Python loses the record whose write fails and connects at the next; we connect for that record.
				i := indexOf(want, test.upTo+1)
				require.Positive(t, i)
				for ; i < len(want); i++ {
					want[i]--
				}
			}
			assert.Equal(t, want, got)
		})
	}
}

func indexOf(list []int, v int) int {
	for i := range list {
		if list[i] == v {
			return i
		}
	}
	return -1
}

// brokenConn is a datagram connection without a reader, of which the writes can be made to fail.
type brokenConn struct {
	net.Conn
	broken bool
}

func (c *brokenConn) Write(b []byte) (int, error) {
	if c.broken {
		return 0, errFake
	}
	return len(b), nil
}
func (c *brokenConn) LocalAddr() net.Addr              { return &net.UnixAddr{Net: "unixgram"} }
func (c *brokenConn) SetWriteDeadline(time.Time) error { return nil }
func (c *brokenConn) Close() error                     { return nil }

// TestAReceiverThatReadsAndHangsUpIsLeftAlone: an end in the ordinary way, before anything was confirmed, is a failure where receivers
// confirm, as that of a proxy without a server behind it.
func TestAReceiverThatReadsAndHangsUpIsLeftAlone(t *testing.T) {
	var connections atomic.Int64
	p := sockets.Listen(t, "tcp", func(conn net.Conn) {
		connections.Add(1)
		_, _ = conn.Read(make([]byte, 4<<10))
	})
	core, err := New(Config{
		Address: p.Address(), Formatter: Forward(ForwardConfig{Tag: "a"}), Ack: true,
		Timeout: time.Second, RetryStart: time.Hour, RetryMax: time.Hour, OnError: func(error) {},
	})
	require.NoError(t, err)
	defer core.Close()
	require.Eventually(t, func() bool {
		return core.Write(zapcore.Entry{Message: "x"}, nil) != nil
	}, soon, tick, "a failure that is told")
	before := connections.Load()
	for range 100 {
		require.Error(t, core.Write(zapcore.Entry{Message: "x"}, nil))
	}
	assert.Equal(t, before, connections.Load(), "it is left alone")
	assert.LessOrEqual(t, before, int64(5))
}
