package backends

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// mood is how a gate treats its connections.
type mood int

const (
	passing   mood = iota // what is sent goes to the backend, and its answers come back
	hanging               // nothing goes on, and nothing ends; later it does as if nothing had been
	resetting             // connections are reset
	busy                  // new connections are told, in the words of their protocol, that this is not the time
)

// gate is what stands before a backend for one target.
type gate struct {
	net.Listener
	backend string // its address
	words   string // of busy
	greets  bool   // the words come before the client has said anything

	mu      sync.Mutex // guards the fields below
	changed sync.Cond
	mood    mood
	closed  bool
	changes int
	conns   map[net.Conn]bool
}

const (
	busyHTTP = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
	busySMTP = "421 busy\r\n"
)

// newGate returns a gate that ends with the test.
func newGate(t testing.TB, backend string) *gate {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	g := &gate{Listener: l, backend: backend, words: busyHTTP, conns: make(map[net.Conn]bool)}
	g.changed.L = &g.mu
	go g.serve()
	t.Cleanup(func() {
		_ = l.Close()
		g.mu.Lock()
		defer g.mu.Unlock()
		g.closed = true
		g.cutLocked()
		g.changed.Broadcast()
	})
	return g
}

// set changes the mood.
func (g *gate) set(m mood) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mood = m
	g.changes++
	if m == resetting || m == busy {
		g.cutLocked()
	}
	g.changed.Broadcast()
}

// note counts a change that is the backend's own.
func (g *gate) note() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.changes++
}

func (g *gate) cutLocked() {
	for conn := range g.conns {
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	}
	clear(g.conns)
}

func (g *gate) serve() {
	for {
		conn, err := g.Accept()
		if err != nil {
			return
		}
		go g.handle(conn.(*net.TCPConn))
	}
}

// await returns the mood once it is not hanging, and false if the gate is closed.
func (g *gate) await() (mood, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.mood == hanging && !g.closed {
		g.changed.Wait()
	}
	return g.mood, !g.closed
}

func (g *gate) handle(client *net.TCPConn) {
	defer client.Close()
	m, open := g.await()
	switch {
	case !open || m == resetting:
		_ = client.SetLinger(0)
	case m == busy:
		g.refuse(client)
	default:
		backend, err := net.Dial("tcp", g.backend)
		if err != nil {
			_ = client.SetLinger(0)
			return
		}
		defer backend.Close()
		g.mu.Lock()
		g.conns[client], g.conns[backend] = true, true
		g.mu.Unlock()
		go g.copy(client, backend)
		g.copy(backend, client)
		g.mu.Lock()
		delete(g.conns, client)
		delete(g.conns, backend)
		g.mu.Unlock()
	}
}

func (g *gate) refuse(client *net.TCPConn) {
	_ = client.SetDeadline(time.Now().Add(time.Second))
	if !g.greets {
		_, _ = client.Read(make([]byte, 1<<10))
	}
	_, _ = io.WriteString(client, g.words)
	_ = client.CloseWrite()
	_, _ = io.Copy(io.Discard, client)
}

// copy carries what one end sends to the other, until one of them ends.
func (g *gate) copy(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	for b := make([]byte, 32<<10); ; {
		n, err := from.Read(b)
		if _, open := g.await(); !open {
			return
		}
		if n > 0 {
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
