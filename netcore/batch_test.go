package netcore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/sockets"
	base "example.com/zaphandlers/zapcore"
)

// newBatch returns a batch of records that are messages.
func newBatch(messages ...string) *base.Batch {
	var batch base.Batch
	for _, m := range messages {
		var r base.Record
		_ = r.Capture(entry(m), base.Context{}, nil) // it is not that large
		batch.Add(r.Bytes())
	}
	return &batch
}

func TestBatches(t *testing.T) {
	many := make([]string, 5000)
	for i := range many {
		many[i] = fmt.Sprintf("record %d %s", i, strings.Repeat("x", 50))
	}

	t.Run("arrive in order", func(t *testing.T) {
		got := make(chan string, len(many))
		p := sockets.Listen(t, "tcp", lines(got))
		core := newCore(t, Config{Address: p.Address(), Encoder: plain(), OnError: never(t)})
		n, err := core.WriteBatch(newBatch(many...))
		require.NoError(t, err)
		require.Equal(t, len(many), n)
		for _, want := range many {
			require.Equal(t, want, sockets.Receive(t, got))
		}
	})
	t.Run("reject what is too large and go on", func(t *testing.T) {
		got := make(chan string, 10)
		p := sockets.Listen(t, "tcp", lines(got))
		core := newCore(t, Config{Address: p.Address(), Encoder: plain(), MaxSize: 4, OnError: never(t)})
		n, err := core.WriteBatch(newBatch("large", "a", "large", "large", "b", "large"))
		require.Equal(t, 6, n)
		var rejected *base.RejectedError
		require.ErrorAs(t, err, &rejected)
		assert.Equal(t, []int{0, 2, 3, 5}, rejected.Indexes)
		assert.Equal(t, "a", sockets.Receive(t, got))
		assert.Equal(t, "b", sockets.Receive(t, got))
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
		p := sockets.Listen(t, "tcp", func(conn net.Conn) {
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
		core := newCore(t, Config{Address: p.Address(), Encoder: plain(), RetryStart: time.Millisecond, OnError: ignore})
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

func TestAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	for _, network := range []string{"tcp", "udp", "unixgram"} {
		t.Run(network, func(t *testing.T) {
			if network == "unixgram" && runtime.GOOS == "windows" {
				t.Skip("Windows has no unix datagram sockets")
			}
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
