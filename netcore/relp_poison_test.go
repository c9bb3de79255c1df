package netcore

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// deliverRELP emits messages until each is taken, and others, one at a time, until all of the first are confirmed or dropped.
func deliverRELP(t *testing.T, e *Emitter, messages []string) (delivered, dropped uint64) {
	t.Helper()
	emitted := uint64(0)
	until := time.Now().Add(20 * time.Second)
	for more := 0; ; {
		message := fmt.Sprint("more ", more)
		if len(messages) > 0 {
			message = messages[0]
		}
		if emit(e, message) == nil {
			emitted++
			if len(messages) > 0 {
				messages = messages[1:]
			} else {
				more++
			}
		}
		if len(messages) == 0 && e.Sync() == nil {
			delivered, dropped, _ = e.Account()
			require.Equal(t, emitted, delivered+dropped)
			return delivered, dropped
		}
		require.True(t, time.Now().Before(until), "what is held is not confirmed")
	}
}

// pickyRELP is a receiver that confirms all messages but those that have "bad" in them.
type pickyRELP struct {
	address string

	mu          sync.Mutex // guards the fields below
	seen        map[string]int
	connections int
}

// newPickyRELP returns a receiver whose answer to bad messages is that: relpHangUp, or none.
func newPickyRELP(t *testing.T, answer string) *pickyRELP {
	r := &pickyRELP{seen: map[string]int{}}
	r.address = relpReceiver(t, func(transaction int, command, data string) string {
		r.mu.Lock()
		defer r.mu.Unlock()
		switch {
		case command == "open":
			r.connections++
			return ""
		case strings.Contains(data, "bad"):
			return answer
		}
		r.seen[strings.TrimSpace(data)]++
		return fmt.Sprintf("%d rsp 6 200 OK\n", transaction)
	})
	return r
}

// A message at which the receiver hangs up each time is dropped and reported, and the others are confirmed.
func TestRELPReceiverThatHangsUpOnOneMessage(t *testing.T) {
	for _, at := range []int{0, 50, 99} {
		r := newPickyRELP(t, relpHangUp)
		e, log := newRELP(t, r.address, EmitterConfig{Timeout: time.Second, RetryStart: time.Millisecond})
		var messages []string
		for i := range 100 {
			messages = append(messages, fmt.Sprintf("good %d", i))
		}
		messages[at] = "bad"
		delivered, dropped := deliverRELP(t, e, messages)
		assert.EqualValues(t, 1, dropped)
		r.mu.Lock()
		assert.EqualValues(t, delivered, len(r.seen))
		for i, message := range messages {
			assert.Equal(t, i != at, r.seen[message] > 0, message)
		}
		r.mu.Unlock()
		require.Eventually(t, func() bool { return log.contains("a record is dropped that") }, soon, tick)
	}
}

// Several of them, next to each other and apart.
func TestRELPReceiverThatHangsUpOnSomeMessages(t *testing.T) {
	for _, bad := range [][]int{{0, 1}, {50, 51, 52}, {98, 99}, {0, 99}, {10, 11, 30}, {20, 22, 24}, {40, 41, 42, 43, 44, 45, 46, 47, 48, 49}} {
		t.Run(fmt.Sprint(bad), func(t *testing.T) {
			t.Parallel()
			r := newPickyRELP(t, relpHangUp)
			e, _ := newRELP(t, r.address, EmitterConfig{Timeout: time.Second, RetryStart: time.Millisecond})
			var messages []string
			for i := range 100 {
				if slices.Contains(bad, i) {
					messages = append(messages, fmt.Sprintf("bad %d", i))
				} else {
					messages = append(messages, fmt.Sprintf("good %d", i))
				}
			}
			delivered, dropped := deliverRELP(t, e, messages)
			assert.EqualValues(t, len(bad), dropped)
			r.mu.Lock()
			defer r.mu.Unlock()
			assert.EqualValues(t, delivered, len(r.seen))
			for i, message := range messages {
				assert.Equal(t, !slices.Contains(bad, i), r.seen[message] > 0, message)
			}
		})
	}
}

// More of them than others: as long as there is one to tell by, they are found, also where they fill the window.
func TestRELPReceiverThatHangsUpOnMostMessages(t *testing.T) {
	for _, test := range []struct{ bad, good, window int }{{3, 1, 0}, {5, 3, 0}, {3, 1, 4}, {4, 1, 4}, {4, 9, 4}, {1, 1, 1}, {1, 5, 1}} {
		t.Run(fmt.Sprint(test), func(t *testing.T) {
			t.Parallel()
			r := newPickyRELP(t, relpHangUp)
			e, log := newRELP(t, r.address, EmitterConfig{Timeout: time.Second, RetryStart: time.Millisecond, WindowFrames: test.window})
			for i := range test.bad + test.good {
				message := fmt.Sprint("bad ", i)
				if i >= test.bad {
					message = fmt.Sprint("good ", i)
				}
				require.Eventually(t, func() bool { return emit(e, message) == nil }, soon, time.Millisecond, "there is never room")
			}
			require.Eventually(t, func() bool { return e.Sync() == nil }, soon, time.Millisecond)
			delivered, dropped, _ := e.Account()
			assert.EqualValues(t, test.good, delivered)
			assert.EqualValues(t, test.bad, dropped)
			require.Eventually(t, func() bool { return log.contains("a record is dropped that") }, soon, tick)
			r.mu.Lock()
			defer r.mu.Unlock()
			assert.Len(t, r.seen, test.good)
		})
	}
}

// A receiver that goes on behind a message without an answer to it, and does not hang up: that keeps nothing back either.
func TestRELPReceiverThatNeverAnswersSomeMessages(t *testing.T) {
	for _, bad := range [][]int{{0}, {3}, {20, 21}, {5, 30}} {
		t.Run(fmt.Sprint(bad), func(t *testing.T) {
			t.Parallel()
			r := newPickyRELP(t, "")
			e, log := newRELP(t, r.address, EmitterConfig{Timeout: 200 * time.Millisecond, RetryStart: time.Millisecond, WindowFrames: 10})
			for i := range 40 {
				message := fmt.Sprint("good ", i)
				if slices.Contains(bad, i) {
					message = fmt.Sprint("bad ", i)
				}
				require.Eventually(t, func() bool { return emit(e, message) == nil }, soon, time.Millisecond, "there is never room")
			}
			for more := 40; e.Sync() != nil; more++ { // others tell
				require.Less(t, more, 100)
				_ = emit(e, fmt.Sprint("good ", more))
			}
			delivered, dropped, _ := e.Account()
			assert.EqualValues(t, len(bad), dropped)
			require.Eventually(t, func() bool { return log.contains("a record is dropped that") }, soon, tick)
			r.mu.Lock()
			defer r.mu.Unlock()
			assert.EqualValues(t, delivered, len(r.seen))
			assert.Less(t, r.connections, 20)
		})
	}
}

// One that answers a message late, and those behind it before, has it once more, and loses nothing.
func TestRELPReceiverThatAnswersOneMessageLate(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	address := relpReceiver(t, func(transaction int, command, data string) string {
		mu.Lock()
		defer mu.Unlock()
		if command == "open" {
			return ""
		}
		if seen[strings.TrimSpace(data)]++; strings.Contains(data, "late") && seen["late"] < 3 {
			return ""
		}
		return fmt.Sprintf("%d rsp 6 200 OK\n", transaction)
	})
	e, _ := newRELP(t, address, EmitterConfig{Timeout: 200 * time.Millisecond, RetryStart: time.Millisecond, WindowFrames: 10})
	for i := range 20 {
		message := fmt.Sprint("good ", i)
		if i == 7 {
			message = "late"
		}
		require.Eventually(t, func() bool { return emit(e, message) == nil }, soon, time.Millisecond)
	}
	require.Eventually(t, func() bool { return e.Sync() == nil }, soon, time.Millisecond)
	delivered, dropped, _ := e.Account()
	assert.EqualValues(t, 20, delivered)
	assert.Zero(t, dropped)
}

// Nothing more is sent: Sync finds the message, as often as it takes, and so does Close.
func TestRELPReceiverThatHangsUpOnOneOfTheLastMessages(t *testing.T) {
	for _, closes := range []bool{false, true} {
		for _, bad := range [][]int{{0}, {20}, {20, 21}} {
			r := newPickyRELP(t, relpHangUp)
			e, _ := newRELP(t, r.address, EmitterConfig{Timeout: soon, RetryStart: time.Millisecond})
			for i := range 40 {
				message := fmt.Sprint("good ", i)
				if slices.Contains(bad, i) {
					message = "bad"
				}
				require.Eventually(t, func() bool { return emit(e, message) == nil }, soon, tick)
			}
			if closes {
				_ = e.Close()
			} else {
				require.Eventually(t, func() bool { return e.Sync() == nil }, soon, tick)
			}
			delivered, dropped, _ := e.Account()
			assert.EqualValues(t, 40-len(bad), delivered, "Close %v, %v", closes, bad)
			assert.EqualValues(t, len(bad), dropped)
			r.mu.Lock()
			assert.Len(t, r.seen, 40-len(bad))
			r.mu.Unlock()
		}
	}
}

// The same where the answers to all that came before are lost when it hangs up, as with a reset on Windows: here it gathers them for as
// long as there is more to read.
func TestRELPReceiverWhoseAnswersAreLost(t *testing.T) {
	for _, at := range []int{0, 50, 99} {
		var mu sync.Mutex
		seen := map[string]bool{}
		address := relpGathering(t, func(transaction int, command, data string) string {
			switch {
			case command == "open":
				return ""
			case strings.Contains(data, "bad"):
				return relpHangUp
			}
			mu.Lock()
			defer mu.Unlock()
			seen[strings.TrimSpace(data)] = true
			return fmt.Sprintf("%d rsp 6 200 OK\n", transaction)
		})
		e, _ := newRELP(t, address, EmitterConfig{Timeout: time.Second, RetryStart: time.Millisecond})
		var messages []string
		for i := range 100 {
			messages = append(messages, fmt.Sprintf("good %d", i))
		}
		messages[at] = "bad"
		_, dropped := deliverRELP(t, e, messages)
		assert.EqualValues(t, 1, dropped)
		mu.Lock()
		for i, message := range messages {
			assert.Equal(t, i != at, seen[message], message)
		}
		mu.Unlock()
	}
}

// A receiver that hangs up on everything, for many connections: nothing is dropped, and what is late are the first ones, together.
func TestRELPReceiverThatHangsUpOnAll(t *testing.T) {
	for _, outage := range []int64{5, 6, 7, 11, 12, 13, 100} {
		var connections atomic.Int64
		var mu sync.Mutex
		var seen []string
		address := relpReceiver(t, func(transaction int, command, data string) string {
			if command == "open" {
				connections.Add(1)
				return ""
			}
			if connections.Load() <= outage {
				return relpHangUp
			}
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, strings.TrimSpace(data))
			return fmt.Sprintf("%d rsp 6 200 OK\n", transaction)
		})
		e, _ := newRELP(t, address, EmitterConfig{Timeout: time.Second, RetryStart: time.Millisecond})
		var messages []string
		for i := range 10 {
			messages = append(messages, fmt.Sprintf("good %d", i))
		}
		delivered, dropped := deliverRELP(t, e, messages)
		assert.Zero(t, dropped)
		assert.EqualValues(t, len(seen), delivered)
		for i := range len(seen) - len(messages) {
			messages = append(messages, fmt.Sprint("more ", i))
		}
		late := slices.Index(messages, seen[0])
		at := max(0, slices.Index(seen, messages[0]))
		assert.Less(t, late, len(messages), "some stay, to tell by")
		assert.Equal(t, messages[:late], seen[at:at+late], "in their order, once")
		assert.Equal(t, messages[late:], slices.Concat(seen[:at], seen[at+late:]), "and all others in theirs, once")
	}
}

// A receiver that hangs up after each five messages that it has confirmed: Close has its time, and is not over after three connections.
func TestCloseAndAReceiverThatHangsUpNowAndThen(t *testing.T) {
	var messages atomic.Int64
	address := relpReceiver(t, func(transaction int, command, data string) string {
		switch {
		case command == "open":
			return ""
		case messages.Load() < 100: // the first connection takes nothing
			messages.Add(1)
			return ""
		case messages.Add(1)%6 == 0:
			return relpHangUp
		}
		return fmt.Sprintf("%d rsp 6 200 OK\n", transaction)
	})
	e, _ := newRELP(t, address, EmitterConfig{Timeout: soon, RetryStart: time.Microsecond})
	for i := range 100 {
		require.NoError(t, emit(e, fmt.Sprint("message ", i)))
	}
	require.Eventually(t, func() bool { return messages.Load() == 100 }, soon, tick)
	e.wire.conn.End(nil)
	require.NoError(t, e.Close())
	delivered, dropped, _ := e.Account()
	assert.EqualValues(t, 100, delivered)
	assert.Zero(t, dropped)
}
