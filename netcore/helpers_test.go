package netcore

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/sockets"
	"example.com/zaphandlers/netcore/internal/connection"
	"example.com/zaphandlers/netcore/internal/session"
	base "example.com/zaphandlers/zapcore"
)

// soon is how long tests wait for an event that must come, tick how often they look.
const (
	soon = 20 * time.Second
	tick = time.Millisecond
)

// never is an OnError for tests in which nothing may be reported.
func never(t testing.TB) func(error) {
	return func(err error) { t.Errorf("OnError: %v", err) }
}

func ignore(error) {}

// errorLog is an OnError that remembers.
type errorLog struct {
	mu   sync.Mutex
	errs []error
}

func (l *errorLog) add(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.errs = append(l.errs, err)
}

func (l *errorLog) all() []error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]error(nil), l.errs...)
}

func (l *errorLog) contains(text string) bool {
	for _, err := range l.all() {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}

// newCore returns a Core that the test closes. Its timeout, if the test does not say, is for machines with other things to do.
func newCore(t testing.TB, cfg Config) *Core {
	t.Helper()
	if cfg.Timeout == 0 {
		cfg.Timeout = soon
	}
	core, err := New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = core.Close() })
	return core
}

// plain is an encoder that writes the message and a newline.
func plain() zapcore.Encoder {
	return zapcore.NewConsoleEncoder(zapcore.EncoderConfig{MessageKey: "m", LineEnding: "\n"})
}

func entry(message string) zapcore.Entry {
	return zapcore.Entry{Level: zapcore.InfoLevel, Time: time.Unix(1700000000, 123456789).UTC(), Message: message}
}

// lines serves a stream of lines into a channel.
func lines(to chan<- string) func(net.Conn) {
	return func(conn net.Conn) {
		for s := bufio.NewScanner(conn); s.Scan(); {
			to <- s.Text()
		}
	}
}

// prefixed reads one frame with a length before it.
func prefixed(r io.Reader) ([]byte, error) {
	var head [prefixSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	b := make([]byte, binary.BigEndian.Uint32(head[:]))
	_, err := io.ReadFull(r, b)
	return b, err
}

// reset makes a connection end by RST.
func reset(conn net.Conn) {
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
}

// pipes is a Dial over net.Pipe, for tests in a synctest bubble.
func pipes(serve func(net.Conn)) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			defer far.Close()
			serve(far)
		}()
		return near, nil
	}
}

var errFake = errors.New("no such wire")

// sink is sockets.Sink where it must work.
func sink(t testing.TB, network string) string {
	t.Helper()
	address, err := sockets.Sink(t, network)
	require.NoError(t, err)
	return address
}

func newTestEmitter(t testing.TB, network, address string, cfg EmitterConfig) *Emitter {
	cfg.Network, cfg.Address, cfg.Report = network, address, base.NewReporter("test", ignore)
	e, err := NewEmitter(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// isTimeout tells whether err is a deadline that passed.
func isTimeout(err error) bool { return connection.IsTimeout(err) }

// past is a deadline that has passed.
var past = time.Unix(1, 0)

// client is the other end of a Server with Ack, or with a Key, made by hand.
type client struct {
	*wire
	net.Conn
	window *session.Window
	in     *session.Seal
}

// newClient returns a client that has done the handshake over conn: with a nil window it has no Ack, with a nil key no signature.
func newClient(t testing.TB, conn net.Conn, window *session.Window, key []byte) *client {
	c := &client{wire: &wire{framing: LengthPrefix, sequence: 1}, Conn: conn, window: window}
	if key != nil {
		var err error
		c.seal, c.in, err = session.DialSigned(conn, key)
		require.NoError(t, err)
	}
	if window != nil {
		require.NoError(t, window.Resume(conn, c.seal, c.in))
	}
	return c
}
