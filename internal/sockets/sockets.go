package sockets

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Brief is a timeout for tests: short enough to wait out, and long enough for what must be in time on a busy machine, or on Windows,
// which may be emulated.
var Brief = brief()

func brief() time.Duration {
	if runtime.GOOS == "windows" {
		return time.Second
	}
	return 250 * time.Millisecond
}

// Path returns a path for a test's unix socket.
func Path(tb testing.TB) string {
	tb.Helper()
	if runtime.GOOS == "windows" {
		tb.Skip("no unix sockets to rely on")
	}
	path, err := newPath(tb)
	require.NoError(tb, err)
	return path
}

// newPath returns a short path: tb.TempDir contains the test's name, and the path of a socket is limited.
func newPath(tb testing.TB) (string, error) {
	dir, err := os.MkdirTemp("", "socket")
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "s"), err
}

// address returns where to listen on network: on loopback, or on a unix socket.
func address(tb testing.TB, network string) (string, error) {
	switch network {
	case "unix", "unixgram":
		return newPath(tb)
	case "tcp6", "udp6":
		return "[::1]:0", nil
	}
	return "127.0.0.1:0", nil
}

// Peer accepts connections and serves each on its own goroutine.
type Peer struct {
	net.Listener
	wait sync.WaitGroup

	mu    sync.Mutex // guards the field below
	conns []net.Conn
}

// Listen starts a Peer that ends with the test. serve must return when its connection is closed.
func Listen(tb testing.TB, network string, serve func(net.Conn)) *Peer {
	tb.Helper()
	if network == "unix" {
		Path(tb) // skips where there are none
	}
	p, err := listen(tb, network, serve)
	require.NoError(tb, err)
	return p
}

func listen(tb testing.TB, network string, serve func(net.Conn)) (*Peer, error) {
	where, err := address(tb, network)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen(network, where)
	if err != nil {
		return nil, err
	}
	return Serve(tb, l, serve), nil
}

// Serve is Listen with an existing listener.
func Serve(tb testing.TB, l net.Listener, serve func(net.Conn)) *Peer {
	p := &Peer{Listener: l}
	p.wait.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			p.conns = append(p.conns, conn)
			p.mu.Unlock()
			p.wait.Go(func() {
				defer conn.Close()
				serve(conn)
			})
		}
	})
	tb.Cleanup(p.Stop)
	return p
}

// Stop closes everything, and waits until every serve has returned.
func (p *Peer) Stop() {
	_ = p.Close()
	p.mu.Lock()
	for _, conn := range p.conns {
		_ = conn.Close()
	}
	p.mu.Unlock()
	p.wait.Wait()
}

// Address returns where p listens.
func (p *Peer) Address() string { return p.Addr().String() }

// Sink reads and discards what comes to a socket of that network, until tb ends. It returns the socket's address.
func Sink(tb testing.TB, network string) (string, error) {
	if network != "unixgram" && network != "udp" {
		p, err := listen(tb, network, func(conn net.Conn) { forget(conn) })
		if err != nil {
			return "", err
		}
		return p.Address(), nil
	}
	where, err := address(tb, network)
	if err != nil {
		return "", err
	}
	conn, err := net.ListenPacket(network, where)
	if err != nil {
		return "", err
	}
	var reading sync.WaitGroup
	reading.Go(func() { forget(conn.(net.Conn)) })
	tb.Cleanup(func() { _ = conn.Close(); reading.Wait() })
	return conn.LocalAddr().String(), nil
}

// forget reads like a busy server: up to 256 KiB at once.
func forget(r io.Reader) {
	for b := make([]byte, 256<<10); ; {
		if _, err := r.Read(b); err != nil {
			return
		}
	}
}

// ListenAt serves connections to a TCP address until the test ends. It skips the test if the machine does not have the address.
func ListenAt(tb testing.TB, address string, serve func(net.Conn)) {
	tb.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		tb.Skip(err)
	}
	Serve(tb, l, serve)
}

// Receive returns the next value, and fails the test if none comes.
func Receive[T any](tb testing.TB, from <-chan T) T {
	tb.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(20 * time.Second):
		require.FailNow(tb, "nothing came")
		panic("unreachable")
	}
}
