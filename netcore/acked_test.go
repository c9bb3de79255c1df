package netcore

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/sockets"
	"example.com/zaphandlers/netcore/internal/session"
	base "example.com/zaphandlers/zapcore"
)

// collector is a target that knows how often each message came.
type collector struct {
	countingCore
	seen map[string]int
}

func (c *collector) WriteBatch(b *base.Batch) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil {
		c.seen = make(map[string]int)
	}
	for i := range b.Len() {
		c.seen[string([]byte(b.At(i).Entry().Message))]++
		c.n++
	}
	return b.Len(), nil
}

// TestAckLosesAndDoublesNothing sends 20,000 records through ten resets.
func TestAckLosesAndDoublesNothing(t *testing.T) {
	for _, key := range [][]byte{nil, testKey} {
		t.Run(fmt.Sprintf("key %q", key), func(t *testing.T) {
			const records, resets = 20000, 10
			target := &collector{}
			server := serve(t, ServerConfig{Format: FormatRecords, Ack: true, Key: key, Target: target, OnError: ignore})
			proxy := sockets.Relay(t, server.Addr().String())
			core := newCore(t, Config{Address: proxy.Address(), Formatter: Records(), Ack: true, Key: key, Window: 64 << 10, OnError: never(t)})
			for i := range records {
				if i%(records/resets) == records/resets/2 {
					proxy.Cut()
				}
				ent := entry(fmt.Sprint("record ", i))
				require.Eventually(t, func() bool { return core.Write(ent, nil) == nil }, soon, tick)
			}
			require.NoError(t, core.Close())
			require.NoError(t, server.Shutdown(t.Context()))
			assert.Len(t, target.seen, records, "lost")
			assert.Equal(t, records, target.count(), "doubled")
			assert.Equal(t, Stats{Accepted: records, Delivered: records, Refused: core.Stats().Refused}, core.Stats())
			t.Logf("%d records, %d resets: %d lost, %d doubled, %d came twice and were dropped",
				records, resets, records-len(target.seen), target.count()-len(target.seen), server.Stats().Duplicates)
		})
	}
}

// TestAckBatches is the same with many records a write.
func TestAckBatches(t *testing.T) {
	const batches, each = 200, 50
	target := &collector{}
	server := serve(t, ServerConfig{Format: FormatRecords, Ack: true, Target: target, OnError: ignore})
	proxy := sockets.Relay(t, server.Addr().String())
	core := newCore(t, Config{Address: proxy.Address(), Formatter: Records(), Ack: true, Window: 8 << 10, RetryStart: time.Millisecond,
		RetryMax: time.Millisecond, OnError: never(t)})
	for i := range batches {
		if i%20 == 10 {
			proxy.Cut()
		}
		batch := new(base.Batch)
		for j := range each {
			var r base.Record
			require.NoError(t, r.Capture(entry(fmt.Sprint("record ", i, " ", j)), base.Context{}, nil))
			batch.Add(r.Bytes())
		}
		for batch.Len() > 0 {
			n, err := core.WriteBatch(batch)
			require.True(t, (err == nil) == (n == batch.Len()), "%d of %d: %v", n, batch.Len(), err)
			rest := new(base.Batch)
			rest.Slice(batch, n, batch.Len())
			batch = rest
		}
	}
	require.NoError(t, core.Close())
	assert.Len(t, target.seen, batches*each)
	assert.Equal(t, batches*each, target.count())
	assert.Equal(t, uint64(batches*each), core.Stats().Delivered)
}

func TestAckPending(t *testing.T) {
	// A server that greets, and then confirms only what it is told to.
	confirm := make(chan uint64)
	p := sockets.Listen(t, "tcp", func(conn net.Conn) {
		if _, err := prefixed(conn); err != nil {
			return
		}
		var s *session.Seal
		_, _ = conn.Write(s.AppendWelcome(nil, 0, 1<<20))
		for n := range confirm {
			if _, err := conn.Write(s.AppendAck(nil, n)); err != nil {
				return
			}
		}
	})
	t.Cleanup(func() { close(confirm) })
	core := newCore(t, Config{Address: p.Address(), Formatter: Records(), Ack: true, Timeout: sockets.Brief, Window: 1 << 10,
		RetryStart: time.Hour, OnError: ignore})
	for range 3 {
		require.NoError(t, core.Write(entry("x"), nil))
	}
	assert.Equal(t, Stats{Accepted: 3, Pending: 3}, core.Stats(), "Write does not wait")

	confirm <- 2
	require.Eventually(t, func() bool { return core.Stats() == Stats{Accepted: 3, Delivered: 2, Pending: 1} }, soon, tick)

	err := core.Sync()
	require.ErrorContains(t, err, "does not confirm what it gets", "Sync waits, for one deadline")
	confirm <- 3
	require.NoError(t, core.Sync())

	accepted := uint64(3)
	for err = nil; err == nil; {
		if err = core.Write(entry("until the window is full"), nil); err == nil {
			accepted++
		}
	}
	require.True(t, isTimeout(err))
	assert.Equal(t, Stats{Accepted: accepted, Delivered: 3, Pending: accepted - 3, Refused: 1}, core.Stats())
	require.ErrorContains(t, core.Write(entry("x"), nil), "backing off")

	err = core.Close()
	var lost *LostError
	require.ErrorAs(t, err, &lost, "Close gives up what is not confirmed, and says so")
	assert.Equal(t, accepted-3, lost.Records)
	assert.Equal(t, Stats{Accepted: accepted, Delivered: 3, Dropped: accepted - 3, Refused: 2}, core.Stats())
}

func TestAckRefusesNonsense(t *testing.T) {
	var n atomic.Uint64
	p := sockets.Listen(t, "tcp", func(conn net.Conn) {
		var s *session.Seal
		_, _ = prefixed(conn)
		_, _ = conn.Write(s.AppendWelcome(nil, n.Load(), 1<<20))
		_, _ = conn.Read(make([]byte, 1))
	})
	n.Store(7)
	core := newCore(t, Config{Address: p.Address(), Formatter: Records(), Ack: true, OnError: ignore})
	require.ErrorContains(t, core.Write(entry("x"), nil), "the peer confirms frames that were never sent")
}

func TestAckNotGivenForWhatTheTargetDidNotTake(t *testing.T) {
	target := &collector{}
	failing := &countingCore{fail: &base.RetryError{Err: errFake}, take: 1}
	gate := &switchCore{core: failing}
	s := serve(t, ServerConfig{Format: FormatRecords, Ack: true, Target: gate, OnError: ignore})
	core := newCore(t, Config{Address: s.Addr().String(), Formatter: Records(), Ack: true, OnError: never(t)})
	for i := range 5 {
		require.NoError(t, core.Write(entry(fmt.Sprint(i)), nil))
	}
	require.Eventually(t, func() bool { return failing.count() > 0 }, soon, tick)
	gate.set(target)
	require.Eventually(t, func() bool { return core.Sync() == nil }, soon, tick,
		"a Sync during which the server hangs up says so; a later one sends again what was not confirmed")
	assert.Equal(t, Stats{Accepted: 5, Delivered: 5}, core.Stats())
	assert.Equal(t, 5, failing.count()+target.count(), "each record was taken once")
	assert.Equal(t, Stats{Accepted: 5, Delivered: 5}, s.Stats().Stats)
}

// switchCore passes batches to a core that can be changed.
type switchCore struct {
	zapcore.Core
	mu   sync.Mutex // guards the field below
	core base.BatchWriter
}

func (c *switchCore) set(core base.BatchWriter)  { c.mu.Lock(); defer c.mu.Unlock(); c.core = core }
func (c *switchCore) Enabled(zapcore.Level) bool { return true }
func (c *switchCore) WriteBatch(b *base.Batch) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.core.WriteBatch(b)
}

// TestAckOldConnectionThatLives holds that two connections of one session deliver each frame once.
func TestAckOldConnectionThatLives(t *testing.T) {
	target := &collector{}
	s := serve(t, ServerConfig{Format: FormatRecords, Ack: true, Target: target, OnError: ignore})
	w := session.NewWindow(1<<20, 0)
	for i := range 4 {
		w.Add(frame(fmt.Sprint(i))[prefixSize:])
	}
	old := newClient(t, dial(t, s), w, nil)
	fresh := newClient(t, dial(t, s), w, nil)
	b := old.appendFrame(old.appendFrame(nil, w.At(1)), w.At(2))
	_, err := old.Write(b)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return target.count() == 2 }, soon, tick)
	b = nil
	for i := uint64(1); i <= 4; i++ {
		b = fresh.appendFrame(b, w.At(i))
	}
	_, err = fresh.Write(b)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return target.count() >= 4 }, soon, tick)
	assert.Equal(t, map[string]int{"0": 1, "1": 1, "2": 1, "3": 1}, target.seen)
	assert.Equal(t, uint64(2), s.Stats().Duplicates)
}

func TestAckServerThatWasRestarted(t *testing.T) {
	first, second := &collector{}, &collector{}
	s := serve(t, ServerConfig{Format: FormatRecords, Ack: true, Target: first, OnError: ignore})
	core := newCore(t, Config{Address: s.Addr().String(), Formatter: Records(), Ack: true, OnError: never(t)})
	require.NoError(t, core.Write(entry("before"), nil))
	require.NoError(t, core.Sync())
	require.NoError(t, core.Write(entry("between"), nil))
	require.NoError(t, s.Close())
	serve(t, ServerConfig{Address: s.Addr().String(), Format: FormatRecords, Ack: true, Target: second, OnError: ignore})
	require.NoError(t, core.Write(entry("after"), nil))
	require.NoError(t, core.Sync())
	assert.Equal(t, Stats{Accepted: 3, Delivered: 3}, core.Stats())
	assert.Equal(t, 1, first.seen["before"])
	assert.Positive(t, first.seen["between"]+second.seen["between"])
	assert.Equal(t, 1, second.seen["after"])
}

// TestAckStalledPeer holds law 2 where the peer reads and never confirms.
func TestAckStalledPeer(t *testing.T) {
	const callers = 64
	p := sockets.Listen(t, "tcp", func(conn net.Conn) {
		var s *session.Seal
		_, _ = prefixed(conn)
		_, _ = conn.Write(s.AppendWelcome(nil, 0, 1<<20))
		_, _ = io.Copy(io.Discard, conn)
	})
	core := newCore(t, Config{Address: p.Address(), Formatter: Records(), Ack: true, Window: 1 << 10, Timeout: sockets.Brief,
		RetryStart: time.Hour, OnError: ignore})
	start := time.Now()
	var wait sync.WaitGroup
	for range callers {
		wait.Go(func() {
			for core.Write(entry("x"), nil) == nil {
			}
		})
	}
	wait.Wait()
	assert.Less(t, time.Since(start), 20*sockets.Brief, "all of them, one after the other, would be %v", callers*sockets.Brief)

	t.Run("an Interrupt ends the wait", func(t *testing.T) {
		e := newTestEmitter(t, "tcp", p.Address(), EmitterConfig{Framing: LengthPrefix, Ack: true, Window: 1, Timeout: soon})
		require.NoError(t, e.Emit(zapcore.Entry{}, []byte("fills the window")))
		result := make(chan error, 1)
		go func() { result <- e.Emit(zapcore.Entry{}, []byte("waits for room")) }()
		e.Interrupt()
		require.ErrorIs(t, sockets.Receive(t, result), ErrClosed)
		p.Stop() // else Close would wait for the confirmation, as it should
		var lost *LostError
		require.ErrorAs(t, e.Close(), &lost)
	})
}

func TestAckFatalWaits(t *testing.T) {
	target := &collector{}
	s := serve(t, ServerConfig{Format: FormatRecords, Ack: true, Target: target})
	core := newCore(t, Config{Address: s.Addr().String(), Formatter: Records(), Ack: true, OnError: never(t)})
	require.NoError(t, core.Write(entry("before"), nil))
	ent := entry("fatal")
	ent.Level = zapcore.FatalLevel
	require.NoError(t, core.Write(ent, nil))
	assert.Equal(t, 2, target.count(), "delivered before Write returned")
}

func TestAckAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	s := serve(t, ServerConfig{Format: FormatRecords, Ack: true, Key: testKey, Target: &countingCore{}})
	e := newTestEmitter(t, "tcp", s.Addr().String(), EmitterConfig{Framing: LengthPrefix, Ack: true, Key: testKey, Window: 32 << 10})
	payload := frame("x")[prefixSize:]
	for range 2000 {
		require.NoError(t, e.Emit(zapcore.Entry{}, payload))
	}
	assert.Zero(t, testing.AllocsPerRun(2000, func() { _ = e.Emit(zapcore.Entry{}, payload) }))
}

// TestAckTooLarge holds that a record which the Server never takes is refused, and passed.
func TestAckTooLarge(t *testing.T) {
	for _, key := range [][]byte{nil, testKey} {
		t.Run(fmt.Sprintf("key %q", key), func(t *testing.T) {
			target := &collector{}
			s := serve(t, ServerConfig{Format: FormatRecords, Ack: true, Key: key, Target: target})
			core := newCore(t, Config{Address: s.Addr().String(), Formatter: Records(), Ack: true, Key: key, OnError: never(t)})
			large := strings.Repeat("x", 2<<20)
			var batch base.Batch
			for i := range 400 {
				var r base.Record
				message := fmt.Sprint("record ", i)
				if i%100 == 0 {
					message = large
				}
				require.NoError(t, r.Capture(entry(message), base.Context{}, nil))
				batch.Add(r.Bytes())
			}
			n, err := core.WriteBatch(&batch)
			require.Equal(t, 400, n)
			var rejected *base.RejectedError
			require.ErrorAs(t, err, &rejected)
			require.Equal(t, []int{0, 100, 200, 300}, rejected.Indexes)
			require.ErrorContains(t, err, "is larger than the limit of 1048576")
			require.ErrorContains(t, core.Write(entry(large), nil), "is larger than the limit of 1048576")
			require.NoError(t, core.Write(entry("one more"), nil))
			require.NoError(t, core.Close())
			assert.Len(t, target.seen, 397)
			assert.Equal(t, Stats{Accepted: 397, Delivered: 397, Refused: 5}, core.Stats())
		})
	}
	t.Run("but for its end, where it may be cut", func(t *testing.T) {
		logs := &collector{}
		s := serve(t, ServerConfig{Format: FormatLines, Ack: true, Target: logs, MaxFrame: 10})
		core := newCore(t, Config{Address: s.Addr().String(), Encoder: plain(), Ack: true, Truncate: true, OnError: never(t)})
		require.NoError(t, core.Write(entry("a text of more than ten bytes"), nil))
		require.NoError(t, core.Sync())
		assert.Equal(t, map[string]int{"a text of ": 1}, logs.seen)
	})
	t.Run("for a Server with little memory too", func(t *testing.T) {
		s := serve(t, ServerConfig{Format: FormatLines, Ack: true, Target: &collector{}, MaxMemory: 100 << 10})
		core := newCore(t, Config{Address: s.Addr().String(), Encoder: plain(), Ack: true, OnError: never(t)})
		require.ErrorContains(t, core.Write(entry(strings.Repeat("x", 60<<10)), nil), "is larger than the limit")
		require.NoError(t, core.Write(entry(strings.Repeat("x", 40<<10)), nil))
		require.NoError(t, core.Sync())
	})
	t.Run("from a client that does not heed the limit", func(t *testing.T) {
		var log errorLog
		target := &collector{}
		s := serve(t, ServerConfig{Format: FormatRecords, Ack: true, Target: target, MaxFrame: 1000, OnError: log.add})
		w := session.NewWindow(1<<20, 0)
		c := newClient(t, dial(t, s), w, nil)
		b := c.appendFrame(nil, make([]byte, 5000))
		b = c.appendFrame(b, frame("good")[prefixSize:])
		w.Add(nil)
		w.Add(nil)
		_, err := c.Write(b)
		require.NoError(t, err)
		require.Eventually(t, func() bool { return s.Stats().Delivered == 1 }, soon, tick)
		ack := make([]byte, 8)
		for w.Delivered() < 2 {
			_, err = io.ReadFull(c, ack)
			require.NoError(t, err)
			_, err = w.Receive(nil, ack)
			require.NoError(t, err)
			w.Trim()
		}
		assert.EqualValues(t, 1, s.Stats().Refused)
	})
}

// TestAckServerThatBecomesSmaller holds that what the next Server does not take is dropped and counted, and passed.
func TestAckServerThatBecomesSmaller(t *testing.T) {
	failing := &countingCore{fail: &base.RetryError{Err: errFake}}
	s := serve(t, ServerConfig{Format: FormatLines, Ack: true, Target: failing, OnError: ignore})
	var log errorLog
	core := newCore(t, Config{Address: s.Addr().String(), Encoder: plain(), Ack: true, RetryStart: time.Millisecond, RetryMax: time.Millisecond, OnError: log.add})
	for _, message := range []string{"small", "large: " + strings.Repeat("x", 100), "small too"} {
		require.Eventually(t, func() bool { return core.Write(entry(message), nil) == nil }, soon, tick)
	}
	require.NoError(t, s.Close())
	target := &collector{}
	serve(t, ServerConfig{Address: s.Addr().String(), Format: FormatLines, Ack: true, Target: target, MaxFrame: 50, OnError: ignore})
	require.Eventually(t, func() bool { return core.Sync() == nil }, soon, tick)
	assert.Equal(t, map[string]int{"small": 1, "small too": 1}, target.seen)
	assert.Equal(t, Stats{Accepted: 3, Delivered: 2, Dropped: 1, Refused: core.Stats().Refused}, core.Stats())
	require.NoError(t, core.Write(entry("more"), nil))
	require.Eventually(t, func() bool {
		return log.contains("it takes no more than 50 bytes now") && log.contains("1 record was lost")
	}, soon, tick)
}

// A connection that stays open but brings no confirmations, as after a gateway's restart, is given up after a while. Another one
// delivers what is missing, once.
func TestAckAndAConnectionThatIsForgotten(t *testing.T) {
	target := &collector{}
	server := serve(t, ServerConfig{Format: FormatRecords, Ack: true, Target: target, OnError: ignore})
	var connections atomic.Int32
	relay := sockets.Listen(t, "tcp", func(conn net.Conn) {
		behind, err := net.Dial("tcp", server.Addr().String())
		if err != nil {
			return
		}
		go func() {
			_, _ = io.Copy(behind, conn)
			_ = behind.Close()
		}()
		first := connections.Add(1) == 1
		if first {
			var none *session.Seal
			_, _ = io.CopyN(conn, behind, int64(none.WelcomeSize()))
		}
		for buf := make([]byte, 1024); ; {
			n, err := behind.Read(buf)
			if err != nil {
				return
			}
			if !first {
				_, _ = conn.Write(buf[:n])
			}
		}
	})
	core := newCore(t, Config{Address: relay.Address(), Formatter: Records(), Ack: true, Window: 1 << 10, Timeout: 20 * time.Millisecond,
		RetryStart: time.Millisecond, RetryMax: time.Millisecond, OnError: ignore})
	for i := range 100 {
		ent := entry(fmt.Sprint("record ", i))
		require.Eventually(t, func() bool { return core.Write(ent, nil) == nil }, soon, tick, "nothing is confirmed for ever")
	}
	require.Eventually(t, func() bool { return core.Sync() == nil }, soon, tick)
	assert.EqualValues(t, 100, core.Stats().Delivered)
	assert.Len(t, target.seen, 100)
	assert.Equal(t, 100, target.count(), "doubled")
}

// A Key is copied, so that the program may wipe its own; else both ends would sign with zeros, as everybody can.
func TestKeysAreCopied(t *testing.T) {
	theirs, ours := bytes.Clone(testKey), bytes.Clone(testKey)
	target := &countingCore{}
	s := serve(t, ServerConfig{Format: FormatRecords, Key: theirs, Target: target})
	core := newCore(t, Config{Address: s.Addr().String(), Formatter: Records(), Key: ours, OnError: never(t)})
	clear(theirs)
	clear(ours)
	require.NoError(t, core.Write(entry("x"), nil))
	require.Eventually(t, func() bool { return target.count() == 1 }, soon, tick)
}
