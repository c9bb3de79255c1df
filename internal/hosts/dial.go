package hosts

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// pause is how long the connection to one address of a name is waited for until the next address is tried beside it: RFC 8305, section 5.
const pause = 250 * time.Millisecond

// Dial connects to address over TCP as d does, but for a name with several addresses of which some do not answer: d waits for each of them
// for as long as the system does, or for two seconds at least, which a caller seldom has. Here each gets its turn, beside those
// before it, and the first connection counts. An error is that of the first address. Other networks it leaves to d.
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

// Pass notes that who answers at the address that was connected to last is of no use, as a proxy without a server behind it that hangs up:
// the next Dial begins with the address behind it.
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

// inTurn returns addresses, those first that come behind the one that was passed.
func (r *Resolver) inTurn(addresses []netip.Addr) []netip.Addr {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := 1 + slices.IndexFunc(addresses, func(a netip.Addr) bool { return a.Unmap() == r.passed })
	return slices.Concat(addresses[at:], addresses[:at])
}

// alternating puts addresses of both families in turn, from that of the first on: RFC 8305, section 4.
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

// race dials one address after another, the next one after a pause or when one before it has failed, and returns the first connection. The
// attempts beside it have ended then. If ctx has a deadline, the last one begins when half of the time is left.
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
