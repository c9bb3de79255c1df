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

// Brief is a timeout that a test waits out, and what is to be in time is within it: on a busy machine, and on Windows, which
// may be an emulated one.
var Brief = brief()

func brief() time.Duration {
	if runtime.GOOS == "windows" {
		return time.Second
	}
	return 250 * time.Millisecond
}

// Path returns where a test may have a unix socket.
func Path(tb testing.TB) string {
	tb.Helper()
	if runtime.GOOS == "windows" {
		tb.Skip("no unix sockets to rely on")
	}
	path, err := newPath(tb)
	require.NoError(tb, err)
	return path
}

// newPath returns a path that is short: tb.TempDir has the test's name in it, and a socket's path has its limit.
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

// Peer accepts connections and has each served on a goroutine of its own.
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

// Serve is Listen on a listener that is there.
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

// Stop closes everything and waits until all of serve has returned.
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

// Sink reads what comes to a socket of that network, and forgets it, until tb ends. It returns the address.
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

// forget reads as a server does that has much to read: up to 256 KiB at once.
func forget(r io.Reader) {
	for b := make([]byte, 256<<10); ; {
		if _, err := r.Read(b); err != nil {
			return
		}
	}
}

// ListenAt has serve talk to whoever connects to address over TCP, until the test ends. It skips where the machine has no such address.
func ListenAt(tb testing.TB, address string, serve func(net.Conn)) {
	tb.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		tb.Skip(err)
	}
	Serve(tb, l, serve)
}

// Receive returns what comes next, and fails the test if nothing does.
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
