package faults

import (
	"net"
	"sync"
	"time"
)

// relay stands between a client and its peer, and does to connections what networks and servers do to them.
type relay struct {
	peer  string
	carry carrier
	ended chan struct{} // one for each connection that the carrier ended

	address  string
	listener net.Listener
	wg       sync.WaitGroup

	mu    sync.Mutex // guards the field below
	conns map[net.Conn]bool
}

// carrier carries what a client says to its peer until one of them has ended, or it has ended the client's connection itself.
type carrier func(client *net.TCPConn, peer net.Conn) (ended bool)

func newRelay(peer string, carry carrier) (*relay, error) {
	r := &relay{peer: peer, carry: carry, address: "127.0.0.1:0", conns: map[net.Conn]bool{}, ended: make(chan struct{}, 1<<16)}
	return r, r.start()
}

// start listens, at the same address each time.
func (r *relay) start() error {
	l, err := net.Listen("tcp", r.address)
	if err != nil {
		return err
	}
	r.address, r.listener = l.Addr().String(), l
	r.wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			r.wg.Go(func() { r.serve(conn.(*net.TCPConn)) })
		}
	})
	return nil
}

func (r *relay) serve(client *net.TCPConn) {
	defer client.Close()
	peer, err := net.Dial("tcp", r.peer)
	if err != nil {
		return
	}
	defer peer.Close()
	r.know(client, true)
	defer r.know(client, false)
	var back sync.WaitGroup
	back.Go(func() { _ = forward(client, peer) })
	if r.carry(client, peer) {
		r.ended <- struct{}{}
	}
	_ = peer.(*net.TCPConn).CloseWrite() // it reads to the end
	back.Wait()
}

func (r *relay) know(conn net.Conn, open bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if delete(r.conns, conn); open {
		r.conns[conn] = true
	}
}

// stop closes the listener and all connections in the ordinary way, as a server that ends.
func (r *relay) stop() {
	_ = r.listener.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	for conn := range r.conns {
		_ = conn.Close()
	}
}

// kill resets all connections and closes the listener, as a system does for a program that is killed with something unread.
func (r *relay) kill() {
	_ = r.listener.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	for conn := range r.conns {
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	}
}

// finish waits until all that clients sent has been carried. They have closed their connections.
func (r *relay) finish() {
	_ = r.listener.Close()
	r.mu.Lock()
	for conn := range r.conns {
		_ = conn.SetReadDeadline(time.Now().Add(soon)) // of a client that forgot one
	}
	r.mu.Unlock()
	r.wg.Wait()
}

// forward carries until a connection ends.
func forward(dst, src net.Conn) error {
	buf := make([]byte, 64<<10)
	for {
		if err := forwardOnce(dst, src, buf, nil); err != nil {
			return err
		}
	}
}

// forwardOnce carries what there is. With a meter, no more than it lets through.
func forwardOnce(dst, src net.Conn, buf []byte, m *meter) error {
	n, err := src.Read(buf)
	if m != nil {
		n = m.pass(buf[:n])
	}
	if _, writeErr := dst.Write(buf[:n]); err == nil {
		err = writeErr
	}
	return err
}

// meter lets some records through, in whatever framing, and the beginning of the next.
type meter struct {
	left    int // records; below 0 nothing more passes
	matched int // bytes of the text that begins a record
}

// pass returns how many bytes of b pass.
func (m *meter) pass(b []byte) int {
	for i, x := range b {
		if x != begin[m.matched] {
			m.matched = 0
		}
		if x == begin[m.matched] {
			m.matched++
		}
		if m.matched == len(begin) {
			m.matched = 0
			if m.left--; m.left < 0 {
				return i + 1
			}
		}
	}
	return len(b)
}
