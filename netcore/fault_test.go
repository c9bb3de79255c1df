package netcore

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// TestPeerThatClosesAfterEachRecord holds that a peer's FIN is seen before the next record is written: none is lost, where
// clients that only write lose every second one.
func TestPeerThatClosesAfterEachRecord(t *testing.T) {
	const records = 500
	closed := make(chan string)
	p := listen(t, "tcp", func(conn net.Conn) {
		line, err := bufio.NewReader(conn).ReadString('\n')
		_ = conn.Close()
		if err == nil {
			closed <- strings.TrimSpace(line)
		}
	})
	core := newCore(t, Config{Address: p.address(), Encoder: plain(), OnError: never(t)})
	for i := range records {
		<-time.After(2 * time.Millisecond) // the pace is what is tested
		record := fmt.Sprint("record ", i)
		require.NoError(t, core.Write(entry(record), nil))
		require.Equal(t, record, receive(t, closed))
	}
	require.NoError(t, core.Close())
	assert.Equal(t, Stats{Accepted: records, Delivered: records}, core.Stats())
}

// TestResets holds that no frame is cut, and none is joined to another, however often connections are reset.
func TestResets(t *testing.T) {
	const records, resets = 20000, 10
	var mu sync.Mutex
	seen := make(map[string]int)
	var broken []string
	var left atomic.Int64
	left.Store(resets)
	p := listen(t, "tcp", func(conn net.Conn) {
		r := bufio.NewReader(conn)
		for n := 0; ; n++ {
			if n == records/resets/10 && left.Add(-1) >= 0 {
				reset(conn)
				return
			}
			frame, err := prefixed(r)
			if err != nil {
				return
			}
			mu.Lock()
			if !bytes.HasPrefix(frame, []byte("record ")) || !bytes.HasSuffix(frame, []byte(" end")) || len(frame) > 300 {
				broken = append(broken, string(frame))
			}
			seen[string(frame)]++
			mu.Unlock()
		}
	})
	core := newCore(t, Config{Address: p.address(), Encoder: plain(), Framing: LengthPrefix, OnError: ignore})
	refused := 0
	for i := range records {
		if core.Write(entry(fmt.Sprintf("record %d %s end", i, strings.Repeat("x", 230))), nil) != nil {
			refused++
		}
	}
	require.NoError(t, core.Close())
	p.stop()
	assert.Empty(t, broken, "frames cut or joined")
	assert.Negative(t, left.Load()-1, "the peer has reset as often as it should")
	doubled := 0
	for _, n := range seen {
		doubled += n - 1
	}
	assert.Zero(t, doubled)
	t.Logf("%d records, %d resets: %d cut or joined, %d doubled, %d refused, %d lost in the peer's kernel",
		records, resets, len(broken), doubled, refused, records-refused-len(seen))
}

func TestResetIsReportedOnceAndSoIsRecovery(t *testing.T) {
	conns := make(chan net.Conn, 10)
	p := listen(t, "tcp", func(conn net.Conn) {
		conns <- conn
		_, _ = io.Copy(io.Discard, conn)
	})
	var log errorLog
	core := newCore(t, Config{Address: p.address(), Encoder: plain(), OnError: log.add})
	require.NoError(t, core.Write(entry("one"), nil))
	reset(receive(t, conns))
	require.Eventually(t, func() bool {
		require.NoError(t, core.Write(entry("more"), nil))
		return len(log.all()) == 2
	}, soon, tick)
	errs := log.all()
	assert.ErrorContains(t, errs[0], "netcore: connection to tcp "+p.address())
	assert.ErrorContains(t, errs[0], "what was sent last may be lost")
	var recovered *base.RecoveredError
	assert.ErrorAs(t, errs[1], &recovered)
}

func TestOnErrorMayLogToTheSameCore(t *testing.T) {
	conns := make(chan net.Conn, 10)
	got := make(chan string, 100)
	p := listen(t, "tcp", func(conn net.Conn) {
		conns <- conn
		lines(got)(conn)
	})
	var core *Core
	core = newCore(t, Config{Address: p.address(), Encoder: plain(), OnError: func(err error) {
		_ = core.Write(entry("trouble"), nil)
	}})
	require.NoError(t, core.Write(entry("one"), nil))
	require.Equal(t, "one", receive(t, got))
	reset(receive(t, conns))
	require.Eventually(t, func() bool {
		require.NoError(t, core.Write(entry("more"), nil))
		for len(got) > 0 {
			if <-got == "trouble" {
				return true
			}
		}
		return false
	}, soon, tick)
}

func TestDatagramsRefusedAreReported(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	address := conn.LocalAddr().String()
	require.NoError(t, conn.Close())
	var log errorLog
	core := newCore(t, Config{Network: "udp", Address: address, Encoder: plain(), OnError: log.add})
	require.Eventually(t, func() bool {
		require.NoError(t, core.Write(entry("into the void"), nil))
		return log.contains("connection refused: the datagram before may be lost")
	}, soon, tick)
}

func TestUnixgramThatComesBack(t *testing.T) {
	path := socketPath(t)
	conn, err := net.ListenPacket("unixgram", path)
	require.NoError(t, err)
	core := newCore(t, Config{Network: "unixgram", Address: path, Encoder: plain(), OnError: never(t)})
	require.NoError(t, core.Write(entry("one"), nil))
	require.NoError(t, conn.Close())
	require.NoError(t, os.Remove(path))
	conn, err = net.ListenPacket("unixgram", path)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, core.Write(entry("two"), nil))
	b := make([]byte, 10)
	n, _, err := conn.ReadFrom(b)
	require.NoError(t, err)
	assert.Equal(t, "two", string(b[:n]))
}

func TestUnixgramNobodyReads(t *testing.T) {
	path := socketPath(t)
	conn, err := net.ListenPacket("unixgram", path)
	require.NoError(t, err)
	defer conn.Close()
	core := newCore(t, Config{Network: "unixgram", Address: path, Encoder: plain(), Timeout: 30 * time.Millisecond, OnError: never(t)})
	start := time.Now()
	for range 10000 {
		if err = core.Write(entry("x"), nil); err != nil {
			break
		}
	}
	require.Error(t, err)
	assert.True(t, isTimeout(err))
	assert.Less(t, time.Since(start), 10*time.Second)
}

// TestStalledPeer holds law 2: whoever logs to a peer that accepts and never reads waits for two deadlines at most, be they
// many.
func TestStalledPeer(t *testing.T) {
	const callers, timeout = 64, 200 * time.Millisecond
	p := listen(t, "tcp", func(net.Conn) { <-t.Context().Done() })
	core := newCore(t, Config{Address: p.address(), Encoder: plain(), Timeout: timeout, RetryStart: time.Hour, OnError: ignore})
	message := strings.Repeat("x", 64<<10)
	var longest atomic.Int64
	var wait sync.WaitGroup
	for range callers {
		wait.Go(func() {
			for {
				start := time.Now()
				err := core.Write(entry(message), nil)
				took := int64(time.Since(start))
				for {
					was := longest.Load()
					if took <= was || longest.CompareAndSwap(was, took) {
						break
					}
				}
				if err != nil {
					return
				}
			}
		})
	}
	wait.Wait()
	t.Logf("the longest of %d callers waited %v with a timeout of %v", callers, time.Duration(longest.Load()), timeout)
	assert.Less(t, time.Duration(longest.Load()), 2*timeout+100*time.Millisecond)
	require.NoError(t, core.Close())
}

// TestShortWrites holds that what a connection took in part goes to the next one whole.
func TestShortWrites(t *testing.T) {
	got := make(chan string, 10)
	dialled := 0
	core := newCore(t, Config{Address: "x:1", Encoder: plain(), OnError: ignore,
		Dial: func(context.Context, string, string) (net.Conn, error) {
			conn, err := pipes(lines(got))(nil, "", "")
			if dialled++; dialled == 1 {
				return &shortConn{Conn: conn, whole: 1}, err
			}
			return conn, err
		}})
	require.NoError(t, core.Write(entry("one"), nil))
	require.NoError(t, core.Write(entry("two"), nil))
	assert.Equal(t, "one", receive(t, got))
	assert.Equal(t, "tw", receive(t, got), "what the first connection took of it")
	assert.Equal(t, "two", receive(t, got))
	assert.Equal(t, 2, dialled)
	assert.Equal(t, Stats{Accepted: 2, Delivered: 2}, core.Stats())
}

// shortConn takes some writes whole, and then two bytes.
type shortConn struct {
	net.Conn
	whole int
}

func (c *shortConn) Write(b []byte) (int, error) {
	if c.whole--; c.whole >= 0 {
		return c.Conn.Write(b)
	}
	n, _ := c.Conn.Write(b[:2])
	return n, io.ErrShortWrite
}

func TestBatches(t *testing.T) {
	newBatch := func(messages ...string) *base.Batch {
		var batch base.Batch
		for _, m := range messages {
			var r base.Record
			require.NoError(t, r.Capture(entry(m), base.Context{}, nil))
			batch.Add(r.Bytes())
		}
		return &batch
	}
	many := make([]string, 5000)
	for i := range many {
		many[i] = fmt.Sprintf("record %d %s", i, strings.Repeat("x", 50))
	}

	t.Run("arrive in order", func(t *testing.T) {
		got := make(chan string, len(many))
		p := listen(t, "tcp", lines(got))
		core := newCore(t, Config{Address: p.address(), Encoder: plain(), OnError: never(t)})
		n, err := core.WriteBatch(newBatch(many...))
		require.NoError(t, err)
		require.Equal(t, len(many), n)
		for _, want := range many {
			require.Equal(t, want, receive(t, got))
		}
	})
	t.Run("reject what is too large and go on", func(t *testing.T) {
		got := make(chan string, 10)
		p := listen(t, "tcp", lines(got))
		core := newCore(t, Config{Address: p.address(), Encoder: plain(), MaxSize: 4, OnError: never(t)})
		n, err := core.WriteBatch(newBatch("large", "a", "large", "large", "b", "large"))
		require.Equal(t, 6, n)
		var rejected *base.RejectedError
		require.ErrorAs(t, err, &rejected)
		assert.Equal(t, []int{0, 2, 3, 5}, rejected.Indexes)
		assert.Equal(t, "a", receive(t, got))
		assert.Equal(t, "b", receive(t, got))
		assert.Equal(t, Stats{Accepted: 2, Delivered: 2, Refused: 4}, core.Stats())
	})
	t.Run("stay the holder's when nothing listens", func(t *testing.T) {
		core := newCore(t, Config{Address: "x:1", Encoder: plain(), OnError: never(t),
			Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errFake }})
		n, err := core.WriteBatch(newBatch("a", "b"))
		assert.Zero(t, n)
		var retry *base.RetryError
		require.ErrorAs(t, err, &retry)
		require.ErrorIs(t, err, errFake)
		n, err = core.WriteBatch(newBatch("a", "b"))
		assert.Zero(t, n)
		require.ErrorAs(t, err, &retry)
		assert.Positive(t, retry.After, "says when to try again")
	})
	t.Run("go on over the next connection", func(t *testing.T) {
		var mu sync.Mutex
		seen := make(map[string]int)
		first := true
		p := listen(t, "tcp", func(conn net.Conn) {
			mu.Lock()
			cut := first
			first = false
			mu.Unlock()
			for s := bufio.NewScanner(conn); s.Scan(); {
				mu.Lock()
				seen[s.Text()]++
				stop := cut && len(seen) > 100
				mu.Unlock()
				if stop {
					reset(conn)
					return
				}
			}
		})
		core := newCore(t, Config{Address: p.address(), Encoder: plain(), RetryStart: time.Millisecond, OnError: ignore})
		var last string
		for _, m := range many {
			last = m
			n, err := core.WriteBatch(newBatch(m, m+" again"))
			if err != nil {
				require.Less(t, n, 2)
			}
		}
		require.Eventually(t, func() bool { mu.Lock(); defer mu.Unlock(); return seen[last] == 1 }, soon, tick)
		mu.Lock()
		defer mu.Unlock()
		for m, n := range seen {
			require.True(t, strings.HasPrefix(m, "record ") && n == 1, "%q came %d times", m, n)
		}
	})
}

var errFake = errors.New("no such wire")

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
	python := findPython(t)
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

func TestAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	for _, network := range []string{"tcp", "udp", "unixgram"} {
		t.Run(network, func(t *testing.T) {
			e := newTestEmitter(t, network, sink(t, network), EmitterConfig{TrimNewline: true})
			frame := []byte(strings.Repeat("x", 249) + "\n")
			var failure error
			assert.Zero(t, testing.AllocsPerRun(1000, func() {
				failure = errors.Join(failure, e.Emit(zapcore.Entry{}, frame))
			}))
			require.NoError(t, failure)
		})
	}
}

// sink reads what comes to a socket of that network, and forgets it. It returns the address.
func sink(t testing.TB, network string) string {
	if !isDatagram(network) {
		return listen(t, network, func(conn net.Conn) { _, _ = io.Copy(io.Discard, struct{ io.Reader }{conn}) }).address()
	}
	address := "127.0.0.1:0"
	if network == "unixgram" {
		address = socketPath(t)
	}
	conn, err := net.ListenPacket(network, address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		b := make([]byte, 64<<10)
		for {
			if _, err := conn.(net.Conn).Read(b); err != nil {
				return
			}
		}
	}()
	return conn.LocalAddr().String()
}

func newTestEmitter(t testing.TB, network, address string, cfg EmitterConfig) *Emitter {
	cfg.Network, cfg.Address, cfg.Report = network, address, base.NewReporter("test", ignore)
	e, err := NewEmitter(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = e.Close() })
	return e
}
