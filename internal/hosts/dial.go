package hosts

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// pause is how long a connection attempt may take before the next address is tried beside it: RFC 8305, section 5.
const pause = 250 * time.Millisecond

// Dial connects to address over TCP like d, but handles names of which some addresses do not answer. d waits for each address as long
// as the system does, or at least two seconds, which a caller seldom has. Dial tries the addresses in turn, each beside those before
// it, and the first connection counts. An error is that of the first address. Other networks are left to d.
func (r *Resolver) Dial(ctx context.Context, d *net.Dialer, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if _, noIP := netip.ParseAddr(host); err != nil || noIP == nil || host == "" || !strings.HasPrefix(network, "tcp") {
		return d.DialContext(ctx, network, address)
	}
	found, err := r.Lookup(ctx, "ip"+strings.TrimPrefix(network, "tcp"), host)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	dial := func(ctx context.Context, a netip.Addr) (net.Conn, error) {
		return d.DialContext(ctx, network, net.JoinHostPort(a.Unmap().String(), port))
	}
	if len(found) == 1 {
		return dial(ctx, found[0])
	}
	conn, err := race(ctx, r.inTurn(alternating(found)), dial)
	if err == nil {
		r.connected(conn.RemoteAddr())
	}
	return conn, err
}

// Pass notes that the address of the last connection is of no use, as that of a proxy without a backend: the next Dial begins with
// the address behind it.
func (r *Resolver) Pass() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.passed = r.last
}

func (r *Resolver) connected(to net.Addr) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if tcp, ok := to.(*net.TCPAddr); ok {
		r.last = tcp.AddrPort().Addr().Unmap()
	}
}

// inTurn returns addresses, starting with those behind the one that was passed.
func (r *Resolver) inTurn(addresses []netip.Addr) []netip.Addr {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := 1 + slices.IndexFunc(addresses, func(a netip.Addr) bool { return a.Unmap() == r.passed })
	return slices.Concat(addresses[at:], addresses[:at])
}

// alternating returns the addresses with alternating families, starting with that of the first: RFC 8305, section 4.
func alternating(addresses []netip.Addr) []netip.Addr {
	var families [2][]netip.Addr
	for _, a := range addresses {
		family := 0
		if a.Unmap().Is4() != addresses[0].Unmap().Is4() {
			family = 1
		}
		families[family] = append(families[family], a)
	}
	order := make([]netip.Addr, 0, len(addresses))
	for i := range addresses {
		for _, family := range families {
			if i < len(family) {
				order = append(order, family[i])
			}
		}
	}
	return order
}

// race dials one address after another, the next one after a pause or when an attempt has failed. It returns the first connection,
// once all other attempts have ended. If ctx has a deadline, the last attempt begins when half of the time is left.
func race(ctx context.Context, addresses []netip.Addr, dial func(context.Context, netip.Addr) (net.Conn, error)) (winner net.Conn, err error) {
	type attempt struct {
		nth  int
		conn net.Conn
		err  error
	}
	wait := pause
	if deadline, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(deadline)/time.Duration(2*len(addresses)))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	attempts := make(chan attempt)
	turn := time.NewTimer(0)
	defer turn.Stop()
	for begun, ended := 0, 0; ended < begun || winner == nil && begun < len(addresses); {
		select {
		case <-turn.C:
			go func(nth int) {
				conn, err := dial(ctx, addresses[nth])
				attempts <- attempt{nth, conn, err}
			}(begun)
			if begun++; begun < len(addresses) {
				turn.Reset(wait)
			}
		case a := <-attempts:
			ended++
			switch {
			case a.err != nil && a.nth == 0:
				err = a.err
			case a.err == nil && winner == nil:
				winner = a.conn
				cancel()
			case a.err == nil:
				_ = a.conn.Close()
			}
			if turn.Stop(); winner == nil && begun < len(addresses) {
				turn.Reset(0)
			}
		}
	}
	if winner != nil {
		return winner, nil
	}
	return nil, err
}
