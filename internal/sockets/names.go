package sockets

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Names is a DNS resolver for tests that knows one host, "loghost.test".
type Names struct {
	addresses atomic.Pointer[[]netip.Addr]
	down      atomic.Bool
	asked     atomic.Int32

	mu   sync.Mutex // guards the fields below
	late bool
	held []func()
}

// Resolve starts a Names and makes it the resolver of this process until the test ends.
func Resolve(tb testing.TB, addresses ...string) *Names {
	tb.Helper()
	n := &Names{}
	n.Set(addresses...)
	server, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = server.Close() })
	go n.serve(server)
	before := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return net.DialUDP("udp4", nil, server.LocalAddr().(*net.UDPAddr))
	}}
	tb.Cleanup(func() { net.DefaultResolver = before })
	return n
}

// Set sets the addresses of the host.
func (n *Names) Set(addresses ...string) {
	var list []netip.Addr
	for _, a := range addresses {
		list = append(list, netip.MustParseAddr(a))
	}
	n.addresses.Store(&list)
}

// Down makes the resolver ignore all questions, or answer again.
func (n *Names) Down(down bool) { n.down.Store(down) }

// Late makes the resolver hold its answers until Answer is called, as if a slow server were asked.
func (n *Names) Late() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.late = true
}

// Answer waits for a question that was not answered, and answers all held ones.
func (n *Names) Answer(tb testing.TB) {
	tb.Helper()
	require.Eventually(tb, func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		held := n.held
		n.held = nil
		for _, answer := range held {
			answer()
		}
		return len(held) > 0
	}, 20*time.Second, time.Millisecond)
}

// send calls answer now, or leaves it to Answer if Late was called and the answer is not empty.
func (n *Names) send(says bool, answer func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.late && says {
		n.held = append(n.held, answer)
		return
	}
	answer()
}

// Asked returns how many questions have come.
func (n *Names) Asked() int { return int(n.asked.Load()) }

func (n *Names) serve(server net.PacketConn) {
	for b := make([]byte, 1500); ; {
		_, from, err := server.ReadFrom(b)
		if err != nil {
			return
		}
		n.asked.Add(1)
		if n.down.Load() {
			continue
		}
		end := 12
		for b[end] != 0 {
			end += int(b[end]) + 1
		}
		end += 5
		answer := append([]byte{b[0], b[1], 0x84, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, b[12:end]...)
		for _, a := range *n.addresses.Load() {
			if kind := b[end-3]; kind == 1 && a.Is4() || kind == 28 && a.Is6() {
				answer = append(answer, 0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 1, 0, byte(len(a.AsSlice())))
				answer = append(answer, a.AsSlice()...)
				answer[7]++
			}
		}
		n.send(answer[7] > 0, func() { _, _ = server.WriteTo(answer, from) })
	}
}
