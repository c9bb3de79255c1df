package netcore

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// TestServerKeepsIdleConnections: a client that only writes never loses a record to our own default.
func TestServerKeepsIdleConnections(t *testing.T) {
	for _, test := range []struct {
		name string
		cfg  ServerConfig
		want time.Duration
	}{
		{"by default", ServerConfig{}, 0},
		{"with Ack", ServerConfig{Ack: true}, defaultIdleTimeout},
		{"with Ack, if none is asked for", ServerConfig{Ack: true, IdleTimeout: -1}, 0},
		{"if none is asked for", ServerConfig{IdleTimeout: -1}, 0},
		{"but for what is asked for", ServerConfig{IdleTimeout: time.Minute}, time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.cfg.Address, test.cfg.Format, test.cfg.Target = "127.0.0.1:0", FormatRecords, zapcore.NewNopCore()
			cfg, err := test.cfg.withDefaults()
			require.NoError(t, err)
			assert.Equal(t, test.want, cfg.IdleTimeout)
		})
	}
	for _, secure := range []*tls.Config{nil, serverTLS()} {
		t.Run(fmt.Sprint("past the deadline for frames, TLS ", secure != nil), func(t *testing.T) {
			keepsPastDeadline(t, secure)
		})
	}
	t.Run("but none inside a frame", func(t *testing.T) {
		s := serve(t, ServerConfig{Format: FormatRecords, Target: &countingCore{}, OnError: ignore})
		conn := dial(t, s)
		_, err := conn.Write(append(frame("whole"), "\x00\x00\x00\x09half"...))
		require.NoError(t, err)
		require.Eventually(t, func() bool { return s.Stats().Accepted == 1 && len(s.connections()) == 1 }, soon, tick)
		require.NoError(t, s.connections()[0].raw.SetReadDeadline(past))
		require.Eventually(t, func() bool { return s.Stats().Connections == 0 }, soon, tick)
		assert.EqualValues(t, 1, s.Stats().Refused)
	})
}

// keepsPastDeadline holds that a deadline which passes between two frames ends nothing.
func keepsPastDeadline(t *testing.T, secure *tls.Config) {
	target := &countingCore{}
	s := serve(t, ServerConfig{Format: FormatRecords, Target: target, TLS: secure})
	conn := dial(t, s)
	if secure != nil {
		cfg := clientTLS(t)
		cfg.ServerName = "127.0.0.1"
		conn = tls.Client(conn, cfg)
	}
	for i := range 3 {
		_, err := conn.Write(frame("x"))
		require.NoError(t, err)
		require.Eventually(t, func() bool { return target.count() == i+1 }, soon, tick)
		require.NoError(t, s.connections()[0].raw.SetReadDeadline(past), "as if five minutes had gone by")
		require.Eventually(t, func() bool { return s.Stats().Connections == 1 }, soon, tick)
	}
}

// late is a connection whose peer sends half a frame, and which remembers its deadline.
type late struct {
	net.Conn
	deadline time.Time
	rest     []byte // what comes instead
}

func (l *late) Read(b []byte) (int, error) {
	if l.rest != nil {
		return copy(b, l.rest), nil
	}
	return copy(b, frame("late")[:7]), nil
}

func (l *late) SetReadDeadline(t time.Time) error {
	l.deadline = t
	return nil
}

// TestFrameThatBeginsLate: a frame has its five minutes from when it begins, however long the connection was idle before it.
func TestFrameThatBeginsLate(t *testing.T) {
	s := serve(t, ServerConfig{Format: FormatRecords, Target: &countingCore{}})
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	conn := &late{Conn: near}
	c := newServerConn(s, conn)
	require.NoError(t, c.handshake())
	defer c.resize(0)
	c.completed = time.Now().Add(time.Second - frameTimeout)
	conn.deadline = time.Now().Add(time.Second)
	require.NoError(t, c.read())
	require.WithinDuration(t, time.Now().Add(frameTimeout), conn.deadline, time.Minute)
	conn.deadline, c.completed = time.Time{}, time.Now().Add(time.Second-frameTimeout)
	require.NoError(t, c.read())
	require.Zero(t, conn.deadline, "and no more")
}

// A frame that was begun has five minutes also where a connection may be idle for longer; when it is over, be it too large, that counts
// again.
func TestIdleTimeoutIsNotAFramesTime(t *testing.T) {
	for _, limit := range []int{0, 3} { // of a frame; the one that comes is refused
		s := serve(t, ServerConfig{Format: FormatRecords, Target: &countingCore{}, IdleTimeout: time.Hour, MaxFrame: limit, OnError: ignore})
		near, far := net.Pipe()
		defer near.Close()
		defer far.Close()
		conn := &late{Conn: near}
		c := newServerConn(s, conn)
		require.NoError(t, c.handshake())
		require.WithinDuration(t, time.Now().Add(time.Hour), conn.deadline, time.Minute)
		require.NoError(t, c.read())
		require.WithinDuration(t, time.Now().Add(frameTimeout), conn.deadline, time.Minute, "inside a frame")
		conn.rest = frame("late")[7:]
		require.NoError(t, c.read())
		require.WithinDuration(t, time.Now().Add(time.Hour), conn.deadline, time.Minute, "between two")
		c.resize(0)
	}
}

// TestServerEvictsTheLongestIdle when there are too many, and counts it.
func TestServerEvictsTheLongestIdle(t *testing.T) {
	target := &countingCore{}
	var log errorLog
	s := serve(t, ServerConfig{Format: FormatRecords, Target: target, MaxConns: 3, OnError: log.add})
	var conns []net.Conn
	send := func(i, n int) {
		_, err := conns[i].Write(frame("x"))
		require.NoError(t, err)
		require.Eventually(t, func() bool { return target.count() == n }, soon, tick)
		<-time.After(2 * time.Millisecond) // the order of these times is what is tested
	}
	for i := range 3 {
		conns = append(conns, dial(t, s))
		send(i, i+1)
	}
	send(0, 4)
	conns = append(conns, dial(t, s))
	require.NoError(t, conns[1].SetReadDeadline(time.Now().Add(soon)))
	_, err := conns[1].Read(make([]byte, 1))
	require.Error(t, err, "ended")
	require.False(t, isTimeout(err))
	send(3, 5)
	send(0, 6)
	send(2, 7)
	require.Eventually(t, func() bool { return s.Stats().Connections == 3 }, soon, tick)
	assert.EqualValues(t, 1, s.Stats().Evicted)
	assert.True(t, log.contains("ended while idle: more than 3 connections"))

	t.Run("which cannot stay by going on", func(t *testing.T) {
		go func() {
			for {
				if _, err := conns[3].Write(frame("x")); err != nil {
					return
				}
				<-time.After(5 * time.Millisecond)
			}
		}()
		for _, c := range s.connections() {
			c.drain(20 * time.Millisecond)
		}
		require.Eventually(t, func() bool { return s.Stats().Connections == 0 }, soon, tick)
	})
}

// TestServerEvictsNobodyInsideAFrame, however long ago the frame before it was.
func TestServerEvictsNobodyInsideAFrame(t *testing.T) {
	target := &countingCore{}
	s := serve(t, ServerConfig{Format: FormatRecords, Target: target, MaxConns: 2, OnError: ignore})
	at, idle := dial(t, s), dial(t, s)
	b := frame("x")
	_, err := at.Write(append(frame("x"), b[:6]...))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return target.count() == 1 }, soon, tick)
	_, err = idle.Write(b)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return target.count() == 2 }, soon, tick)
	third := dial(t, s)
	require.NoError(t, idle.SetReadDeadline(time.Now().Add(soon)))
	_, err = idle.Read(make([]byte, 1))
	require.Error(t, err)
	require.False(t, isTimeout(err), "it is ended")
	_, err = third.Write(b)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return target.count() == 3 }, soon, tick)
	_, err = at.Write(b[6:])
	require.NoError(t, err)
	require.Eventually(t, func() bool { return target.count() == 4 }, soon, tick)
	require.Zero(t, s.Stats().Refused)
}

// busyCore is a target that does not return before it may.
type busyCore struct {
	countingCore
	entered chan struct{}
	release chan struct{}
}

func (c *busyCore) WriteBatch(b *base.Batch) (int, error) {
	c.entered <- struct{}{}
	<-c.release
	return b.Len(), nil
}

func TestServerTargetThatBlocks(t *testing.T) {
	for _, network := range []string{"tcp", "udp"} {
		t.Run(network, func(t *testing.T) {
			target := &busyCore{entered: make(chan struct{}, 10), release: make(chan struct{})}
			s := serve(t, ServerConfig{Network: network, Format: FormatRecords, Target: target, OnError: ignore})
			conn := dial(t, s)
			b := frame("x")
			if network == "udp" {
				b = b[prefixSize:]
			}
			_, err := conn.Write(b)
			require.NoError(t, err)
			<-target.entered
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			start := time.Now()
			require.ErrorIs(t, s.Shutdown(ctx), context.DeadlineExceeded)
			s.closeTimeout = 50 * time.Millisecond
			require.ErrorContains(t, s.Close(), "Target has not returned")
			assert.Less(t, time.Since(start), soon/4)
			close(target.release)
			require.Eventually(t, func() bool { return s.Close() == nil }, soon, tick)
			assert.EqualValues(t, 1, s.Stats().Delivered, "what Target had is counted when it returns")
		})
	}
}

// TestServerEvictsByNoClock: somebody who sets the system's clock makes no connection older or younger than another.
func TestServerEvictsByNoClock(t *testing.T) {
	s := serve(t, ServerConfig{Format: FormatRecords, Target: &countingCore{}, OnError: ignore})
	start := time.Now()
	said := func(now time.Time) *serverConn {
		c := newServerConn(s, nil)
		c.buf = frame("x")
		c.to, c.completed = len(c.buf), now // it needs no new deadline
		require.NoError(t, c.frames(now))
		s.conns[c] = struct{}{}
		return c
	}
	for _, step := range []time.Duration{time.Hour, -time.Hour} {
		first := said(start.Add(20 * time.Second))
		second := said(clockSet(start.Add(30*time.Second), step))
		inside := newServerConn(s, nil)
		inside.idle.Store(1)
		inside.frameSince.Store(s.stamp(start.Add(25 * time.Second)))
		s.conns[inside] = struct{}{}
		assert.Same(t, first, s.longestIdleLocked(clockSet(start.Add(31*time.Second), step)), "set by %v", step)
		delete(s.conns, first)
		assert.Same(t, second, s.longestIdleLocked(clockSet(start.Add(32*time.Second), step)), "set by %v, that in a frame has time", step)
		assert.Same(t, inside, s.longestIdleLocked(clockSet(start.Add(40*time.Second), step)), "set by %v, it had its time", step)
		clear(s.conns)
	}
}

// clockSet returns t as a clock has it that was set by d since: as far from other times as before.
func clockSet(t time.Time, d time.Duration) time.Time {
	set := t
	*(*uint64)(unsafe.Pointer(&set)) += uint64(d/time.Second) << 30 // where time keeps the seconds of a time from Now
	if set.Sub(t) != 0 || set.Round(0).Sub(t.Round(0)) != d {
		panic("package time has other times than this test knows")
	}
	return set
}
