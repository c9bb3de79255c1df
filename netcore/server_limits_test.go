package netcore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"example.com/zaphandlers/internal/sockets"
	base "example.com/zaphandlers/zapcore"
)

// TestServerMemory holds that what a length announces costs nothing before it comes.
func TestServerMemory(t *testing.T) {
	target, _ := observer.New(zapcore.DebugLevel)
	s := serve(t, ServerConfig{Format: FormatRecords, Target: target, OnError: ignore, MaxFrame: 1 << 30, MaxMemory: 1 << 20})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 100 {
		_, err := dial(t, s).Write([]byte("\xff\xff\xff\xff and no more"))
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool { return s.Stats().Connections == 100 && s.memory.Load() == 100*firstBuf }, soon, tick)
	runtime.ReadMemStats(&after)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8<<20))

	t.Run("is limited in all", func(t *testing.T) {
		conn := dial(t, s)
		_, err := conn.Write(binary.BigEndian.AppendUint32(nil, 1<<29))
		require.NoError(t, err)
		require.NoError(t, conn.SetWriteDeadline(time.Now().Add(soon)))
		for err == nil {
			_, err = conn.Write(make([]byte, 64<<10))
		}
		require.False(t, errors.Is(err, os.ErrDeadlineExceeded), "the server closes it")
		assert.LessOrEqual(t, s.memory.Load(), int64(1<<20))
	})
}

// Connections that were busy, and are not any more, leave others the memory for their frames.
func TestServerMemoryIsNotHeldByWhoIsIdle(t *testing.T) {
	target := &countingCore{}
	s := serve(t, ServerConfig{Format: FormatRecords, Target: target, MaxFrame: 100 << 10, MaxMemory: 1 << 20})
	burst := bytes.Repeat(frame("busy"), (1<<20)/len(frame("busy")))
	want := 0
	for range 8 {
		_, err := dial(t, s).Write(burst)
		require.NoError(t, err)
		want += len(burst) / len(frame("busy"))
		require.Eventually(t, func() bool { return target.count() == want }, soon, tick)
	}
	_, err := dial(t, s).Write(frame(strings.Repeat("x", 90<<10)))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return target.count() == want+1 }, soon, tick)
}

// A connection that has been idle for as long as a frame may take gives its memory back.
func TestServerMemoryOfAnIdleConnection(t *testing.T) {
	target := &countingCore{}
	s := serve(t, ServerConfig{Format: FormatLines, Target: target})
	_, err := dial(t, s).Write(bytes.Repeat([]byte("busy\n"), 1<<18))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return target.count() == 1<<18 }, soon, tick)
	require.Greater(t, s.memory.Load(), int64(firstBuf))
	require.NoError(t, s.connections()[0].raw.SetReadDeadline(past), "as if five minutes had gone by")
	require.Eventually(t, func() bool { return s.memory.Load() == firstBuf }, soon, tick)
	require.Equal(t, 1, s.Stats().Connections)
}

// A frame that is too large costs its own record where frames are signed too: its signature is checked while it is skipped.
func TestServerSkipsSignedFramesThatAreTooLarge(t *testing.T) {
	for name, forge := range map[string]bool{"signed": false, "forged": true} {
		t.Run(name, func(t *testing.T) {
			target, logs := observer.New(zapcore.DebugLevel)
			var log errorLog
			s := serve(t, ServerConfig{Format: FormatRecords, Key: testKey, MaxFrame: 4 << 10, Target: target, OnError: log.add})
			conn := dial(t, s)
			client := newClient(t, conn, nil, testKey)
			stream := client.appendFrame(nil, frame("before")[prefixSize:])
			stream = client.appendFrame(stream, frame(strings.Repeat("x", 300<<10))[prefixSize:])
			if forge {
				stream[len(stream)-1] ^= 1
			}
			stream = client.appendFrame(stream, frame("behind")[prefixSize:])
			for len(stream) > 0 { // in parts, none of which ends where a frame does
				n, err := conn.Write(stream[:min(len(stream), 1021)])
				if err != nil {
					break // forged: the server has hung up
				}
				stream = stream[n:]
			}
			require.Eventually(t, func() bool { return logs.FilterMessage("before").Len() == 1 }, soon, tick)
			if forge {
				require.Eventually(t, func() bool { return log.contains("not signed") && s.Stats().Connections == 0 }, soon, tick)
				require.Equal(t, 1, logs.Len())
				return
			}
			require.Eventually(t, func() bool { return logs.FilterMessage("behind").Len() == 1 }, soon, tick)
			require.True(t, log.contains("a frame is larger than 4096 bytes"))
			require.Equal(t, uint64(1), s.Stats().Refused)
		})
	}
}

// What is on its way when Shutdown is called arrives, however slow Target is.
func TestServerShutdownWithASlowTarget(t *testing.T) {
	for _, network := range []string{"tcp", "unix", "udp", "unixgram"} {
		t.Run(network, func(t *testing.T) {
			address := "127.0.0.1:0"
			if strings.HasPrefix(network, "unix") {
				address = sockets.Path(t)
			}
			target := &slowCore{busy: make(chan struct{}), first: make(chan struct{})}
			s := serve(t, ServerConfig{Network: network, Address: address, Format: FormatRecords, Target: target, OnError: ignore})
			core := newCore(t, Config{Network: network, Address: s.Addr().String(), Formatter: Records(), OnError: ignore})
			require.NoError(t, core.Write(entry("0"), nil))
			sockets.Receive(t, target.first)
			for i := range 8 { // they lie in the socket while Target is busy
				require.NoError(t, core.Write(entry(strconv.Itoa(i+1)), nil))
			}
			ended := make(chan error, 1)
			go func() { ended <- s.Shutdown(context.Background()) }()
			require.Eventually(t, s.draining.Load, soon, tick)
			time.AfterFunc(2*quiet, func() { close(target.busy) })
			require.NoError(t, sockets.Receive(t, ended))
			require.Len(t, target.seen, 9)
		})
	}
}

// slowCore has its first record until it is told otherwise.
type slowCore struct {
	collector
	once        sync.Once
	first, busy chan struct{}
}

func (c *slowCore) WriteBatch(b *base.Batch) (int, error) {
	c.once.Do(func() { close(c.first); <-c.busy })
	return c.collector.WriteBatch(b)
}

func TestServerMaxConns(t *testing.T) {
	var log errorLog
	s := serve(t, ServerConfig{Format: FormatRecords, Target: zapcore.NewNopCore(), MaxConns: 2, OnError: log.add})
	dial(t, s)
	dial(t, s)
	require.Eventually(t, func() bool { return s.Stats().Connections == 2 }, soon, tick)
	_, err := dial(t, s).Read(make([]byte, 1))
	require.Error(t, err)
	require.Eventually(t, func() bool { return log.contains("more than 2 connections") }, soon, tick)
}

func TestServerIdleTimeout(t *testing.T) {
	s := serve(t, ServerConfig{Format: FormatLines, Target: zapcore.NewNopCore(), IdleTimeout: 30 * time.Millisecond, OnError: ignore})
	conn := dial(t, s)
	go func() { // trickling does not help
		for {
			if _, err := conn.Write([]byte("x")); err != nil {
				return
			}
			<-time.After(5 * time.Millisecond)
		}
	}()
	_, err := conn.Read(make([]byte, 1))
	require.Error(t, err)
}

// TestSlowConnections holds that a thousand connections which trickle do not stop one that does not.
func TestSlowConnections(t *testing.T) {
	const slow, records = 1000, 10000
	target := &countingCore{}
	s := serve(t, ServerConfig{Format: FormatRecords, Target: target, MaxConns: slow + 10, OnError: ignore})
	whole := frame("slow")
	var conns []net.Conn
	for range slow {
		conn := dial(t, s)
		_, err := conn.Write(whole[:len(whole)/2])
		require.NoError(t, err)
		conns = append(conns, conn)
	}
	core := newCore(t, Config{Address: s.Addr().String(), Formatter: Records(), OnError: never(t)})
	start := time.Now()
	for range records {
		require.NoError(t, core.Write(entry("fast"), nil))
	}
	require.Eventually(t, func() bool { return target.count() == records }, soon, tick)
	t.Logf("%d records in %v beside %d slow connections", records, time.Since(start), slow)
	for _, conn := range conns {
		_, err := conn.Write(whole[len(whole)/2:])
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool { return target.count() == records+slow }, soon, tick)
}

// countingCore is a BatchWriter that counts, and that can be told to fail.
type countingCore struct {
	mu   sync.Mutex
	n    int
	fail error
	take int // of a batch, when it fails
}

func (c *countingCore) count() int                                 { c.mu.Lock(); defer c.mu.Unlock(); return c.n }
func (c *countingCore) Enabled(zapcore.Level) bool                 { return true }
func (c *countingCore) With([]zapcore.Field) zapcore.Core          { return c }
func (c *countingCore) Write(zapcore.Entry, []zapcore.Field) error { return nil }
func (c *countingCore) Sync() error                                { return nil }
func (c *countingCore) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(e, c)
}
func (c *countingCore) WriteBatch(b *base.Batch) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail != nil {
		n := min(c.take, b.Len())
		c.n += n
		return n, c.fail
	}
	c.n += b.Len()
	return b.Len(), nil
}

// TestServerDeliversBeforeRecordsPileUp holds that small frames which make large records do not wait for one another.
func TestServerDeliversBeforeRecordsPileUp(t *testing.T) {
	const frames, shared = 30, 10 << 10
	pickled := "}(X\x03\x00\x00\x00msgX\x00\x28\x00\x00" + strings.Repeat("x", shared) + "q\x00X\x01\x00\x00\x00v](" + strings.Repeat("h\x00", 50) + "eu."
	target := &largestBatch{}
	s := serve(t, ServerConfig{Format: FormatPickle, Target: target})
	var all []byte
	for range frames {
		all = LengthPrefix.Append(all, []byte(pickled))
	}
	_, err := dial(t, s).Write(all)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return s.Stats().Delivered == frames }, soon, tick)
	assert.Less(t, target.bytes.Load(), int64(keepTapes+shared*52), "in one batch")
	assert.Greater(t, target.bytes.Load(), int64(shared*50))
}

// largestBatch remembers how large the largest batch was, in bytes.
type largestBatch struct {
	discardCore
	bytes atomic.Int64
}

func (c *largestBatch) WriteBatch(b *base.Batch) (int, error) {
	n := 0
	for i := range b.Len() {
		n += len(b.Tape(i))
	}
	c.bytes.Store(max(c.bytes.Load(), int64(n)))
	return b.Len(), nil
}

// TestServerDoesNotFloodOnError holds that a peer that sends nonsense does not fill the log with it.
func TestServerDoesNotFloodOnError(t *testing.T) {
	var log errorLog
	s := serve(t, ServerConfig{Format: FormatRecords, Target: zapcore.NewNopCore(), OnError: log.add})
	whole := frame("a record")[prefixSize:]
	var all []byte
	for i := range 1000 {
		all = LengthPrefix.Append(all, whole[:i%len(whole)]) // each is broken at another byte
	}
	_, err := dial(t, s).Write(all)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return s.Stats().Refused == 1000 }, soon, tick)
	assert.LessOrEqual(t, len(log.all()), 5*maxReports, "in the few seconds that this may take")
	assert.NotEmpty(t, log.all())
}

// TestDefaultsOfBothEndsFit: what a Server skips by its default, a Core that can speak to nothing else refuses by its own.
func TestDefaultsOfBothEndsFit(t *testing.T) {
	s := serve(t, ServerConfig{Format: FormatRecords, Target: &countingCore{}})
	core := newCore(t, Config{Address: s.Addr().String(), Formatter: Records(), OnError: never(t)})
	require.ErrorContains(t, core.Write(entry(strings.Repeat("x", DefaultMaxFrame)), nil), "is larger than the limit of 1048576")
	require.NoError(t, core.Write(entry(strings.Repeat("x", DefaultMaxFrame-100)), nil))
	require.Eventually(t, func() bool { return s.Stats().Delivered == 1 }, soon, tick)
}

// failing is a listener, and a socket for datagrams, of a process that has too many open files.
type failing struct {
	net.Listener
	net.PacketConn
	calls int
}

func (f *failing) Close() error                    { return nil }
func (f *failing) Addr() net.Addr                  { return new(net.TCPAddr) }
func (f *failing) LocalAddr() net.Addr             { return new(net.UDPAddr) }
func (f *failing) SetDeadline(time.Time) error     { return nil }
func (f *failing) SetReadDeadline(time.Time) error { return nil }

func (f *failing) Accept() (net.Conn, error) {
	f.calls++
	return nil, syscall.EMFILE
}

func (f *failing) ReadFrom([]byte) (int, net.Addr, error) {
	f.calls++
	return 0, nil, syscall.EMFILE
}

// A Server whose socket fails pauses before it tries again, and Close does not wait for the pause.
func TestServerPausesWhileItsSocketFails(t *testing.T) {
	for network, calls := range map[string]int{
		"tcp": 1 + 8 + 58, // after 5 ms, 10 ms and so on up to 640 ms, then each second
		"udp": 1 + 12_000, // each 5 ms
	} {
		t.Run(network, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				target, _ := observer.New(zapcore.DebugLevel)
				reports := make(chan error, 1000)
				cfg, err := ServerConfig{Network: network, Address: "127.0.0.1:0", Format: FormatRecords, Target: target,
					OnError: func(err error) { reports <- err }}.withDefaults()
				require.NoError(t, err)
				socket := new(failing)
				s := &Server{cfg: cfg, done: make(chan struct{}), closeTimeout: closeTimeout, made: time.Now(), listener: socket}
				if network == "udp" {
					s.listener, s.packets = nil, socket
				}
				go func() { _ = s.Serve() }()
				time.Sleep(time.Minute)
				synctest.Wait()
				assert.InDelta(t, calls, socket.calls, 2)
				assert.ErrorIs(t, <-reports, syscall.EMFILE)
				start := time.Now()
				require.NoError(t, s.Close())
				assert.Zero(t, time.Since(start))
			})
		})
	}
}
