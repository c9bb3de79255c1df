package connection

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"time"

	"example.com/zaphandlers/internal/hosts"
)

// names holds the addresses of a host name over UDP, where no handshake tells which of them somebody listens at. It uses one until
// that refuses, then the next. It looks the name up again from time to time, in the background: otherwise a socket that is never
// refused would send to an old address for ever.
//
// It is for one goroutine at a time.
type names struct {
	resolver   *hosts.Resolver
	network    string // "udp", "udp4" or "udp6"
	host, port string
	timeout    time.Duration

	known    []netip.Addr
	current  netip.Addr
	refusals int           // in a row
	asked    time.Duration // when the name was last looked up

	lookup *lookup // nil: none is under way
}

// lookup is a background lookup.
type lookup struct {
	cancel context.CancelFunc
	done   chan struct{} // closed when the field below is valid
	found  []netip.Addr  // empty: no answer, or no address
}

// lookupInterval is how long the addresses of a name are used before it is looked up again.
const lookupInterval = 10 * time.Second

// newNames returns the names for the host in address; nil if there is nothing to look up.
func newNames(resolver *hosts.Resolver, network, address string, timeout time.Duration) *names {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return nil
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return nil
	}
	return &names{resolver: resolver, network: network, host: host, port: port, timeout: timeout}
}

// dial opens a socket to the current address, or to the first one after it that the system has a route to.
func (n *names) dial(ctx context.Context, now time.Duration) (net.Conn, error) {
	if len(n.known) == 0 {
		found, err := n.resolve(ctx)
		if err != nil {
			return nil, err
		}
		n.known, n.asked = found, now
	}
	at := max(0, slices.Index(n.known, n.current))
	var failure error
	for i := range n.known {
		n.current = n.known[(at+i)%len(n.known)]
		var d net.Dialer
		conn, err := d.DialContext(ctx, n.network, net.JoinHostPort(n.current.String(), n.port))
		if err == nil {
			return conn, nil
		}
		if failure == nil {
			failure = err
		}
	}
	n.known = nil // the next attempt looks the name up again
	return nil, failure
}

func (n *names) resolve(ctx context.Context) ([]netip.Addr, error) {
	found, err := n.resolver.Lookup(ctx, "ip"+n.network[len("udp"):], n.host)
	for i := range found {
		found[i] = found[i].Unmap()
	}
	return found, err
}

// refused notes that nobody listens at the current address, moves on, and reports whether there is another to try. When all addresses
// have refused in a row, the name is looked up again.
func (n *names) refused() (another bool) {
	n.refusals++
	another = n.refusals < len(n.known)
	if at := slices.Index(n.known, n.current); at >= 0 {
		n.current = n.known[(at+1)%len(n.known)]
	}
	if !another {
		n.refusals, n.known = 0, nil
	}
	return another
}

// held notes that the current address has not refused for long enough to be trusted.
func (n *names) held() { n.refusals = 0 }

// moved looks the name up from time to time, and reports whether the current address no longer belongs to it.
func (n *names) moved(now time.Duration) bool {
	if n.lookup == nil {
		if now-n.asked >= lookupInterval {
			n.lookUp(now)
		}
		return false
	}
	select {
	case <-n.lookup.done:
	default:
		return false
	}
	found := n.lookup.found
	n.lookup = nil
	if len(found) == 0 {
		return false // the known addresses are better than none
	}
	n.known = found
	return !slices.Contains(found, n.current)
}

func (n *names) lookUp(now time.Duration) {
	n.asked = now
	ctx, cancel := context.WithTimeout(context.Background(), n.timeout)
	l := &lookup{cancel: cancel, done: make(chan struct{})}
	n.lookup = l
	go func() {
		defer close(l.done)
		defer cancel()
		l.found, _ = n.resolve(ctx)
	}()
}

// close ends a background lookup.
func (n *names) close() {
	if n.lookup != nil {
		n.lookup.cancel()
		<-n.lookup.done
	}
}
