package netcore

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/sockets"
	"example.com/zaphandlers/netcore/internal/msgpack"
	base "example.com/zaphandlers/zapcore"
)

// fluentd is a receiver of Fluent Forward that keeps the message of each entry, and acknowledges as answers says.
type fluentd struct {
	*sockets.Peer
	// answers tells whether message n, from 1 on, is kept and acknowledged. It may end the connection. Nil: all are.
	answers func(n int, conn net.Conn) bool

	mu   sync.Mutex // guards the fields below
	n    int
	seen map[string]int
}

func newFluentd(t testing.TB, answers func(n int, conn net.Conn) bool) *fluentd {
	f := &fluentd{answers: answers, seen: make(map[string]int)}
	f.Peer = sockets.Listen(t, "tcp", f.serve)
	return f
}

func (f *fluentd) serve(conn net.Conn) {
	eachMessage(conn, func(message []byte) { f.receive(conn, message) })
}

// eachMessage calls receive with each message of Forward that comes over a connection, until that ends.
func eachMessage(conn net.Conn, receive func(message []byte)) {
	var b []byte
	buf := make([]byte, 64<<10)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		b = append(b, buf[:n]...)
		for {
			size, err := msgpack.Size(b)
			if err != nil || size == 0 {
				break
			}
			receive(b[:size])
			b = b[size:]
		}
	}
}

func (f *fluentd) receive(conn net.Conn, message []byte) {
	f.mu.Lock()
	f.n++
	n := f.n
	f.mu.Unlock()
	if f.answers != nil && !f.answers(n, conn) {
		return
	}
	f.mu.Lock()
	for _, name := range messagesIn(message) {
		f.seen[name]++
	}
	f.mu.Unlock()
	if at := bytes.LastIndex(message, []byte("\xa5chunk\xb8")); at > 0 {
		_, _ = conn.Write(append([]byte("\x81\xa3ack"), message[at+6:]...))
	}
}

// messagesIn returns what the entries of a message in Forward mode call message.
func messagesIn(b []byte) (names []string) {
	key := []byte("\xa7message")
	for {
		at := bytes.Index(b, key)
		if at < 0 {
			return names
		}
		v, n, _ := msgpack.Next(b[at+len(key):])
		names = append(names, string(v.Bytes))
		b = b[at+len(key)+n:]
	}
}

func (f *fluentd) counts() (different, all int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, n := range f.seen {
		all += n
	}
	return len(f.seen), all
}

func forwarding(address string, cfg Config) Config {
	cfg.Address, cfg.Formatter = address, Forward(ForwardConfig{Tag: "shop"})
	return cfg
}

// TestForwardLosesNothing sends 20,000 records through ten resets. What arrives twice is what a window held.
func TestForwardLosesNothing(t *testing.T) {
	const records, resets, window = 20000, 10, 16 << 10
	f := newFluentd(t, nil)
	proxy := sockets.Relay(t, f.Address())
	core := newCore(t, forwarding(proxy.Address(), Config{Ack: true, Window: window, OnError: never(t)}))
	for i := range records {
		if i%(records/resets) == records/resets/2 {
			proxy.Cut()
		}
		ent := entry(fmt.Sprint("record ", i))
		require.Eventually(t, func() bool { return core.Write(ent, nil) == nil }, soon, tick)
	}
	require.NoError(t, core.Close())
	assert.Equal(t, Stats{Accepted: records, Delivered: records, Refused: core.Stats().Refused}, core.Stats())
	different, all := f.counts()
	assert.Equal(t, records, different, "lost")
	assert.LessOrEqual(t, all-different, resets*window/len("..........level.info.message.record 1"), "doubled")
	t.Logf("%d records, %d resets: %d lost, %d doubled", records, resets, records-different, all-different)
}

// A batch is one message, up to 64 KiB.
func TestForwardBatch(t *testing.T) {
	f := newFluentd(t, nil)
	core := newCore(t, forwarding(f.Address(), Config{Ack: true, OnError: never(t)}))
	batch := newBenchBatch(100)
	n, err := core.WriteBatch(batch)
	require.NoError(t, err)
	require.Equal(t, 100, n)
	require.NoError(t, core.Sync())
	_, all := f.counts()
	assert.Equal(t, 100, all)
	f.mu.Lock()
	defer f.mu.Unlock()
	assert.Equal(t, 1, f.n)
	assert.Equal(t, Stats{Accepted: 100, Delivered: 100}, core.Stats())
}

// TestForwardResetInAMessage: what a receiver has read half of comes whole over the next connection.
func TestForwardResetInAMessage(t *testing.T) {
	arrived := make(chan []string, 2)
	var again atomic.Bool
	p := sockets.Listen(t, "tcp", func(conn net.Conn) {
		half := !again.Swap(true)
		var b []byte
		for one := make([]byte, 1); ; {
			if _, err := io.ReadFull(conn, one); err != nil {
				return
			}
			if b = append(b, one[0]); half && len(b) == 1000 {
				reset(conn)
				return
			}
			if size, _ := msgpack.Size(b); size > 0 {
				arrived <- messagesIn(b)
				_, _ = conn.Write(append([]byte("\x81\xa3ack"), b[len(b)-25:]...))
				b = b[:0]
			}
		}
	})
	core := newCore(t, forwarding(p.Address(), Config{Ack: true, OnError: ignore}))
	n, err := core.WriteBatch(newBenchBatch(50))
	require.NoError(t, err)
	require.Equal(t, 50, n)
	require.NoError(t, core.Sync())
	assert.Len(t, sockets.Receive(t, arrived), 50)
	assert.Equal(t, Stats{Accepted: 50, Delivered: 50}, core.Stats())
}

// TestForwardNoAnswer: what is not acknowledged in time is sent again, and no call waits longer than its time.
func TestForwardNoAnswer(t *testing.T) {
	const slack = 3 * time.Second
	t.Run("at all", func(t *testing.T) {
		f := newFluentd(t, func(int, net.Conn) bool { return false })
		core := newCore(t, forwarding(f.Address(), Config{Ack: true, Timeout: sockets.Brief, OnError: ignore}))
		require.NoError(t, core.Write(entry("x"), nil))
		begun := time.Now()
		require.ErrorContains(t, core.Sync(), "does not confirm")
		require.Equal(t, Stats{Accepted: 1, Pending: 1}, core.Stats())
		var lost *LostError
		require.ErrorAs(t, core.Close(), &lost)
		assert.EqualValues(t, 1, lost.Records)
		assert.Less(t, time.Since(begun), 4*sockets.Brief+slack)
		assert.Equal(t, Stats{Accepted: 1, Dropped: 1}, core.Stats())
	})
	t.Run("to one message among others", func(t *testing.T) {
		f := newFluentd(t, func(n int, _ net.Conn) bool { return n != 2 })
		core := newCore(t, forwarding(f.Address(), Config{Ack: true, Timeout: sockets.Brief, RetryStart: time.Millisecond, RetryMax: time.Millisecond, OnError: ignore}))
		for i := range 5 {
			require.NoError(t, core.Write(entry(fmt.Sprint("record ", i)), nil))
		}
		require.Error(t, core.Sync(), "its answer never comes")
		require.Eventually(t, func() bool { return core.Sync() == nil }, soon, tick)
		assert.Equal(t, Stats{Accepted: 5, Delivered: 5}, core.Stats())
		different, _ := f.counts()
		assert.Equal(t, 5, different)
	})
	t.Run("to one message, until Close", func(t *testing.T) {
		f := newFluentd(t, func(n int, _ net.Conn) bool { return n != 2 })
		core := newCore(t, forwarding(f.Address(), Config{Ack: true, Timeout: sockets.Brief, OnError: ignore}))
		for i := range 5 {
			require.NoError(t, core.Write(entry(fmt.Sprint("record ", i)), nil))
		}
		var lost *LostError
		require.ErrorAs(t, core.Close(), &lost)
		assert.EqualValues(t, 1, lost.Records, "the answers to those behind it have come")
		assert.Equal(t, Stats{Accepted: 5, Delivered: 4, Dropped: 1}, core.Stats())
	})
	t.Run("to what was never sent", func(t *testing.T) {
		f := newFluentd(t, func(n int, conn net.Conn) bool {
			if n == 1 {
				_, _ = conn.Write([]byte("\x81\xa3ack\xb8MDEyMzQ1Njc4OWFiY2RlZg=="))
			}
			return n > 1
		})
		core := newCore(t, forwarding(f.Address(), Config{Ack: true, RetryStart: time.Millisecond, RetryMax: time.Millisecond, OnError: ignore}))
		require.NoError(t, core.Write(entry("x"), nil))
		require.Eventually(t, func() bool { return core.Sync() == nil }, soon, tick)
		assert.Equal(t, Stats{Accepted: 1, Delivered: 1}, core.Stats())
	})
}

// helo is what a receiver with a shared key says first.
const helo = "\x92\xa4HELO\x83\xa5nonce\xc4\x02no\xa4auth\xc4\x00\xa9keepalive\xc3"

func TestForwardKey(t *testing.T) {
	refuse := func(t *testing.T, serve func(net.Conn), cfg Config, want string) {
		p := sockets.Listen(t, "tcp", serve)
		cfg.Timeout = sockets.Brief
		core := newCore(t, forwarding(p.Address(), cfg))
		require.ErrorContains(t, core.Write(entry("x"), nil), want)
		assert.Equal(t, Stats{Refused: 1}, core.Stats())
	}
	t.Run("wrong", func(t *testing.T) {
		refuse(t, func(conn net.Conn) {
			_, _ = conn.Write([]byte(helo))
			_, _ = conn.Read(make([]byte, 1000))
			_, _ = conn.Write([]byte("\x95\xa4PONG\xc2\xb3shared_key mismatch\xa0\xa0"))
		}, Config{Key: []byte("x"), OnError: never(t)}, `the receiver refuses the connection: "shared_key mismatch"`)
	})
	t.Run("that the receiver does not ask for", func(t *testing.T) {
		refuse(t, func(net.Conn) { <-t.Context().Done() }, Config{Key: []byte("x"), OnError: never(t)}, "i/o timeout: the peer may not know of a shared key")
	})
	const asks = "the receiver asks for a shared key"
	t.Run("that this side does not have", func(t *testing.T) {
		if runtime.GOOS == "windows" {
			t.Skip("there the reader alone sees what the receiver says, and may be late")
		}
		for _, ack := range []bool{false, true} {
			refuse(t, func(conn net.Conn) {
				_, _ = conn.Write([]byte(helo))
				<-t.Context().Done()
			}, Config{Ack: ack, OnError: ignore}, asks)
		}
	})
	t.Run("that a slow receiver asks for after records were sent to it", func(t *testing.T) {
		sent := make(chan struct{})
		p := sockets.Listen(t, "tcp", func(conn net.Conn) {
			<-sent
			_, _ = conn.Write([]byte(helo))
			<-t.Context().Done()
		})
		var log errorLog
		core := newCore(t, forwarding(p.Address(), Config{OnError: log.add}))
		for range 5 {
			require.NoError(t, core.Write(entry("x"), nil))
		}
		close(sent)
		require.Eventually(t, func() bool { return core.Write(entry("y"), nil) != nil }, soon, tick)
		require.Eventually(t, func() bool { return log.contains(asks) }, soon, tick)
		stats := core.Stats()
		assert.Zero(t, stats.Delivered, "it takes nothing before the handshake")
		assert.Equal(t, stats.Accepted, stats.Dropped)
	})
}

func TestForwardTLS(t *testing.T) {
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{authority().server}})
	require.NoError(t, err)
	f := &fluentd{seen: make(map[string]int)}
	f.Peer = sockets.Serve(t, l, f.serve)
	core := newCore(t, forwarding(f.Address(), Config{Ack: true, TLS: &tls.Config{RootCAs: authority().pool}, OnError: never(t)}))
	require.NoError(t, core.Write(entry("hello"), nil))
	require.NoError(t, core.Close())
	_, all := f.counts()
	assert.Equal(t, 1, all)
}

func TestForwardConfig(t *testing.T) {
	for _, test := range []struct {
		cfg  Config
		want string
	}{
		{Config{Formatter: Forward(ForwardConfig{})}, "netcore: ForwardConfig.Tag is required"},
		{Config{Formatter: Forward(ForwardConfig{Tag: "a\xff"})}, "ForwardConfig.Tag \"a\\xff\""},
		{Config{Formatter: Forward(ForwardConfig{Tag: "x"}), Network: "udp"}, "Config.Forward needs a stream"},
		{Config{Formatter: Forward(ForwardConfig{Tag: "x"}), Framing: LengthPrefix}, "Config.Framing does not go with Forward"},
		{Config{Formatter: Forward(ForwardConfig{Tag: "x"}), Truncate: true}, "Config.Truncate is for text"},
		{Config{Formatter: Forward(ForwardConfig{Tag: "x", User: "me"})}, "ForwardConfig.User is for a handshake"},
		{Config{Formatter: Forward(ForwardConfig{Tag: "x"}), Key: []byte{}}, "Config.Key is empty"},
	} {
		test.cfg.Address = "x:1"
		_, err := New(test.cfg)
		require.ErrorContains(t, err, test.want)
	}
	core := newCore(t, Config{Address: "x", Formatter: Forward(ForwardConfig{Tag: "x"}), Key: []byte("short"), OnError: never(t)})
	require.ErrorContains(t, core.Write(entry("x"), nil), "x:24224", "its port")
	_, err := NewEmitter(EmitterConfig{Address: "x:1", RELP: true, Forward: &ForwardConfig{Tag: "x"}, Report: base.NewReporter("test", ignore)})
	require.ErrorContains(t, err, "Config.RELP excludes")
}

func TestForwardAllocatesNothing(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	fields := []zapcore.Field{zap.String("a", "b"), zap.Int64("n", 1<<40), zap.Bool("t", true), zap.Float64("f", 1.5),
		zap.Duration("d", time.Second), zap.Time("at", time.Unix(1, 2)), zap.Binary("b", []byte("x"))}
	for _, ack := range []bool{false, true} {
		cfg := Config{Ack: ack, OnError: never(t)}
		if ack {
			cfg.Window = 32 << 10
		}
		core := newCore(t, forwarding(answering(t), cfg))
		ent := entry("hello")
		for range 2000 {
			require.NoError(t, core.Write(ent, fields))
		}
		assert.Zero(t, testing.AllocsPerRun(2000, func() { _ = core.Write(ent, fields) }), "Ack %v", ack)
		assert.Zero(t, core.Stats().Refused)
	}
}

// answering is a receiver that allocates nothing, and acknowledges every message.
func answering(t testing.TB) string {
	return sockets.Listen(t, "tcp", func(conn net.Conn) {
		key, answer := []byte("\xa5chunk\xb8"), []byte("\x81\xa3ack\xb8012345678901234567890123")
		buf := make([]byte, 64<<10)
		held := 0
		for {
			n, err := conn.Read(buf[held:])
			if err != nil {
				return
			}
			rest := buf[:held+n]
			for {
				at := bytes.Index(rest, key)
				if at < 0 || len(rest) < at+len(key)+24 {
					break
				}
				copy(answer[6:], rest[at+len(key):][:24])
				if _, err := conn.Write(answer); err != nil {
					return
				}
				rest = rest[at+len(key)+24:]
			}
			held = copy(buf, rest[max(0, len(rest)-1000):])
		}
	}).Address()
}
