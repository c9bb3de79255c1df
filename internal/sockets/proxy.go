package sockets

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Proxy relays connections to an address, and can cut them all.
type Proxy struct {
	*Peer
	mu    sync.Mutex // guards the field below
	conns []net.Conn
}

// Relay starts a Proxy that ends with the test.
func Relay(tb testing.TB, address string) *Proxy {
	p := &Proxy{}
	p.Peer = Listen(tb, "tcp", func(client net.Conn) {
		server, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		defer server.Close()
		p.mu.Lock()
		p.conns = append(p.conns, client, server)
		p.mu.Unlock()
		go func() {
			_, _ = io.Copy(client, server)
			_ = client.Close()
		}()
		_, _ = io.Copy(server, client)
	})
	return p
}

// Cut resets all connections, at both ends.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range p.conns {
		if c, ok := conn.(*net.TCPConn); ok {
			_ = c.SetLinger(0)
		}
		_ = conn.Close()
	}
	p.conns = nil
}
