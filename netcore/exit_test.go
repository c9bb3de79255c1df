package netcore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"example.com/zaphandlers/internal/sockets"
	base "example.com/zaphandlers/zapcore"
)

// exiting is a Target that ends the goroutine at each third record.
type exiting struct {
	zapcore.Core
	n atomic.Int64
}

func (e *exiting) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(ent, e)
}

func (e *exiting) Write(ent zapcore.Entry, fields []zapcore.Field) error {
	if e.n.Add(1)%3 == 0 {
		runtime.Goexit()
	}
	return e.Core.Write(ent, fields)
}

// A Target or an OnError that ends its goroutine, as t.FailNow does, costs only the records that it was given, and they are counted.
// The Server continues on every kind of socket, and Close and Shutdown do not wait for the goroutine.
func TestServerWhoseHooksEndTheGoroutine(t *testing.T) {
	for _, cfg := range []Config{{Network: "tcp"}, {Network: "udp"}, {Network: "tcp", Ack: true}} {
		t.Run(fmt.Sprint(cfg.Network, " Ack ", cfg.Ack), func(t *testing.T) {
			seen, logs := observer.New(zapcore.DebugLevel)
			server, err := NewServer(ServerConfig{Network: cfg.Network, Address: "127.0.0.1:0", Format: FormatRecords, Ack: cfg.Ack,
				Target: &exiting{Core: seen}, OnError: func(error) { runtime.Goexit() }})
			require.NoError(t, err)
			go func() { _ = server.Serve() }()
			t.Cleanup(func() { _ = server.Close() })
			cfg.Address, cfg.Formatter, cfg.OnError = server.Addr().String(), Records(), never(t)
			core := newCore(t, cfg)
			for i := range 30 {
				require.NoError(t, core.Write(entry(fmt.Sprint("record ", i)), nil))
				require.NoError(t, core.Sync())
				require.Eventually(t, func() bool { return server.Stats().Accepted == uint64(i+1) }, soon, tick)
			}
			stats := server.Stats()
			assert.EqualValues(t, 10, stats.Dropped)
			assert.EqualValues(t, 20, stats.Delivered)
			assert.Equal(t, 20, logs.Len())
			if cfg.Network == "tcp" {
				assert.Equal(t, 1, stats.Connections)
			}
			require.NoError(t, core.Close())
			ctx, cancel := context.WithTimeout(t.Context(), soon)
			defer cancel()
			require.NoError(t, server.Shutdown(ctx))
			require.NoError(t, server.Close())
		})
	}
}

// With Ack, what a Target did not take stays the client's, also where OnError ends the goroutine that tells it.
func TestServerWhoseOnErrorEndsTheGoroutineLosesNothing(t *testing.T) {
	seen, logs := observer.New(zapcore.DebugLevel)
	target := &refusing{Core: seen}
	target.refuse.Store(true)
	server, err := NewServer(ServerConfig{Address: "127.0.0.1:0", Format: FormatRecords, Ack: true, Target: target, OnError: func(error) { runtime.Goexit() }})
	require.NoError(t, err)
	go func() { _ = server.Serve() }()
	t.Cleanup(func() { _ = server.Close() })
	core := newCore(t, Config{Address: server.Addr().String(), Formatter: Records(), Ack: true, Timeout: sockets.Brief,
		RetryStart: time.Millisecond, RetryMax: time.Millisecond, OnError: ignore})
	for i := range 10 {
		require.Eventually(t, func() bool { return core.Write(entry(fmt.Sprint("record ", i)), nil) == nil }, soon, tick)
	}
	require.Error(t, core.Sync())
	target.refuse.Store(false)
	require.Eventually(t, func() bool { return core.Sync() == nil }, soon, tick)
	assert.Equal(t, 10, logs.Len())
}

// The same for a client's hooks: each failure is reported, and nothing waits for the goroutine that ended.
func TestCoreWhoseHooksEndTheGoroutine(t *testing.T) {
	var told, dialled atomic.Int64
	core := newCore(t, Config{Address: "x:1", Timeout: 100 * time.Millisecond, RetryStart: time.Microsecond, RetryMax: time.Microsecond,
		OnError: func(error) { told.Add(1); runtime.Goexit() },
		Dial: func(context.Context, string, string) (net.Conn, error) {
			switch dialled.Add(1) {
			case 1:
				runtime.Goexit()
			case 2:
				return nil, errors.New("refused")
			}
			near, far := net.Pipe()
			go func() { _, _ = far.Read(make([]byte, 1)); _ = far.Close() }()
			return near, nil
		}})
	require.ErrorContains(t, core.Write(entry("a"), nil), "Dial hook")
	require.Eventually(t, func() bool { // the clock of Windows takes longer steps than the backoff
		err := core.Write(entry("b"), nil)
		return err != nil && strings.Contains(err.Error(), "refused")
	}, soon, tick)
	require.Eventually(t, func() bool {
		_ = core.Write(entry("c"), nil)
		return told.Load() > 0
	}, soon, tick)
	require.NoError(t, core.Close())
}

// Calls of OnError go on, one at a time and in order, after one has ended its goroutine.
func TestCallsAfterOneThatEndsItsGoroutine(t *testing.T) {
	var c calls
	var made []int
	done := make(chan struct{})
	for i := range 100 {
		c.add(func() {
			made = append(made, i)
			if i == 99 {
				close(done)
			}
			if i%2 == 0 {
				runtime.Goexit()
			}
		})
	}
	<-done
	for i, n := range made {
		assert.Equal(t, i, n)
	}
}

// refusing is a Target that takes nothing for a while, and says that it may be tried again.
type refusing struct {
	zapcore.Core
	refuse atomic.Bool
}

func (r *refusing) WriteBatch(batch *base.Batch) (n int, err error) {
	if r.refuse.Load() {
		return 0, &base.RetryError{Err: errFake}
	}
	for i := range batch.Len() {
		if _, err := batch.At(i).Deliver(r.Core, true); err != nil {
			return i, err
		}
	}
	return batch.Len(), nil
}
