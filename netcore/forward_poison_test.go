package netcore

import (
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/internal/sockets"
)

// picky is a receiver of Fluent Forward that takes a message unless one of its entries is called bad. Then it calls refuse.
type picky struct {
	refuse func(conn net.Conn)

	mu   sync.Mutex // guards the field below
	seen map[string]int
}

func (p *picky) listen(t *testing.T) string {
	return sockets.Listen(t, "tcp", func(conn net.Conn) {
		eachMessage(conn, func(message []byte) { p.receive(conn, message) })
	}).Address()
}

func (p *picky) receive(conn net.Conn, message []byte) {
	names := messagesIn(message)
	if slices.Contains(names, "bad") {
		p.refuse(conn)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, name := range names {
		p.seen[name]++
	}
	_, _ = conn.Write(append([]byte("\x81\xa3ack"), message[len(message)-25:]...))
}

// A record whose message the receiver does not acknowledge, or at which it hangs up, is dropped and reported, and its neighbours, which
// were in one message with it, are confirmed. So it is with several.
func TestForwardReceiverThatTakesNotEveryRecord(t *testing.T) {
	for name, refuse := range map[string]func(conn net.Conn){
		"hangs up":      func(conn net.Conn) { _ = conn.Close() },
		"resets":        reset,
		"says nothing":  func(net.Conn) {},
		"says nonsense": func(conn net.Conn) { _, _ = conn.Write([]byte{0xc1}) },
	} {
		for _, bad := range [][]int{{0}, {20}, {39}, {10, 11}, {3, 30}} {
			t.Run(fmt.Sprint(name, " at ", bad), func(t *testing.T) {
				t.Parallel()
				p := &picky{refuse: refuse, seen: make(map[string]int)}
				log := &errorLog{}
				core := newCore(t, forwarding(p.listen(t), Config{
					Ack: true, Timeout: 50 * time.Millisecond, RetryStart: time.Millisecond, RetryMax: time.Millisecond, OnError: log.add,
				}))
				var messages []string
				for i := range 40 {
					messages = append(messages, fmt.Sprint("good ", i))
				}
				for _, i := range bad {
					messages[i] = "bad"
				}
				for _, message := range messages {
					require.Eventually(t, func() bool { return core.Write(entry(message), nil) == nil }, soon, time.Millisecond)
				}
				more := 0
				require.Eventually(t, func() bool { // as a queue goes on
					if core.Write(entry(fmt.Sprint("more ", more)), nil) == nil {
						more++
					}
					return core.Sync() == nil
				}, soon, time.Millisecond, "the record holds up those behind it")
				stats := core.Stats()
				assert.EqualValues(t, 40+more, stats.Accepted)
				assert.EqualValues(t, 40-len(bad)+more, stats.Delivered)
				assert.EqualValues(t, len(bad), stats.Dropped)
				p.mu.Lock()
				defer p.mu.Unlock()
				assert.Len(t, p.seen, 40-len(bad)+more)
				for i, message := range messages {
					assert.Equal(t, !slices.Contains(bad, i), p.seen[message] > 0, message)
				}
				require.NoError(t, core.Close())
				require.Eventually(t, func() bool { return log.contains("a record is dropped that") }, soon, tick)
			})
		}
	}
}

// A record that is larger than the window fills it alone: the others come all the same.
func TestForwardReceiverThatTakesNoLargeRecord(t *testing.T) {
	p := &picky{refuse: func(conn net.Conn) { _ = conn.Close() }, seen: make(map[string]int)}
	log := &errorLog{}
	core := newCore(t, forwarding(p.listen(t), Config{
		Ack: true, Window: 1, Timeout: time.Second, RetryStart: time.Millisecond, RetryMax: time.Millisecond, OnError: log.add,
	}))
	for _, message := range []string{"bad", "good 1", "good 2", "good 3"} {
		require.Eventually(t, func() bool { return core.Write(entry(message), nil) == nil }, soon, time.Millisecond, message)
	}
	require.Eventually(t, func() bool { return core.Sync() == nil }, soon, time.Millisecond)
	stats := core.Stats()
	assert.Equal(t, Stats{Accepted: 4, Delivered: 3, Dropped: 1, Refused: stats.Refused}, stats)
	require.Eventually(t, func() bool { return log.contains("a record is dropped that") }, soon, tick)
}

// A receiver that acknowledges nothing for many connections loses nothing by it.
func TestForwardReceiverThatTakesNothingForAWhile(t *testing.T) {
	for _, outage := range []int{5, 6, 7, 11, 12, 13, 40} {
		t.Run(fmt.Sprint(outage), func(t *testing.T) {
			t.Parallel()
			connections := make(map[net.Conn]bool)
			var mu sync.Mutex
			f := newFluentd(t, func(_ int, conn net.Conn) bool {
				mu.Lock()
				defer mu.Unlock()
				if connections[conn] = true; len(connections) > outage {
					return true
				}
				_ = conn.Close()
				return false
			})
			core := newCore(t, forwarding(f.Address(), Config{
				Ack: true, Timeout: soon, RetryStart: time.Millisecond, RetryMax: time.Millisecond, OnError: ignore,
			}))
			for i := range 10 {
				require.Eventually(t, func() bool { return core.Write(entry(fmt.Sprint("record ", i)), nil) == nil }, soon, time.Millisecond)
			}
			require.Eventually(t, func() bool { return core.Sync() == nil }, soon, time.Millisecond)
			stats := core.Stats()
			assert.Equal(t, Stats{Accepted: 10, Delivered: 10, Refused: stats.Refused}, stats)
			different, all := f.counts()
			assert.Equal(t, 10, different)
			assert.Equal(t, 10, all)
		})
	}
}

// A receiver that needs longer than Timeout to acknowledge gets few duplicates: each connection may take longer than the one before.
func TestForwardReceiverThatIsSlow(t *testing.T) {
	const timeout = 100 * time.Millisecond
	var mu sync.Mutex
	seen := map[string]int{}
	address := sockets.Listen(t, "tcp", func(conn net.Conn) {
		eachMessage(conn, func(message []byte) {
			answer := append([]byte("\x81\xa3ack"), message[len(message)-25:]...)
			mu.Lock()
			for _, name := range messagesIn(message) {
				seen[name]++
			}
			mu.Unlock()
			time.AfterFunc(3*timeout, func() { _, _ = conn.Write(answer) })
		})
	}).Address()
	core := newCore(t, forwarding(address, Config{Ack: true, Timeout: timeout, RetryStart: time.Millisecond, RetryMax: time.Millisecond, OnError: ignore}))
	for round := range 3 {
		for i := range 10 {
			require.Eventually(t, func() bool { return core.Write(entry(fmt.Sprint("record ", round, i)), nil) == nil }, soon, time.Millisecond)
		}
		require.Eventually(t, func() bool { return core.Sync() == nil }, soon, time.Millisecond, "nothing is ever confirmed")
	}
	assert.EqualValues(t, 30, core.Stats().Delivered)
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, seen, 30)
	for name, copies := range seen {
		assert.LessOrEqual(t, copies, 5, name)
	}
}
