package netcore

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"time"
)

// addresses are those of a host name over UDP, where no handshake tells at which of them somebody listens: one is used until it
// refuses, then the next. The name is looked up again from time to time, in the background, because a socket that is never
// refused would otherwise send to an old address for ever.
//
// It is for one goroutine at a time.
type addresses struct {
	network    string // "udp", "udp4" or "udp6"
	host, port string
	timeout    time.Duration

	known    []netip.Addr
	current  netip.Addr
	refusals int // since one of them has held
	asked    time.Duration

	lookup *lookup // nil: none is under way
}

// lookup is a question to the resolver that is answered in the background.
type lookup struct {
	cancel context.CancelFunc
	done   chan struct{} // closed when the field below is valid
	found  []netip.Addr  // empty: the resolver does not answer, or knows no address
}

// lookupInterval is how long the addresses of a name are used before it is looked up again.
const lookupInterval = 10 * time.Second

// newAddresses returns the addresses of the host in address, or nil if there is nothing to look up.
func newAddresses(network, address string, timeout time.Duration) *addresses {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return nil
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return nil
	}
	return &addresses{network: network, host: host, port: port, timeout: timeout}
}

// dial opens a socket to the present address, or to the first one after it that the system has a way to.
func (a *addresses) dial(ctx context.Context, now time.Duration) (net.Conn, error) {
	if len(a.known) == 0 {
		found, err := a.resolve(ctx)
		if err != nil {
			return nil, err
		}
		a.known, a.asked = found, now
	}
	at := max(0, slices.Index(a.known, a.current))
	var failure error
	for i := range a.known {
		a.current = a.known[(at+i)%len(a.known)]
		var d net.Dialer
		conn, err := d.DialContext(ctx, a.network, net.JoinHostPort(a.current.String(), a.port))
		if err == nil {
			return conn, nil
		}
		if failure == nil {
			failure = err
		}
	}
	a.known = nil // so that the next attempt asks again
	return nil, failure
}

func (a *addresses) resolve(ctx context.Context) ([]netip.Addr, error) {
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip"+a.network[len("udp"):], a.host)
	for i := range found {
		found[i] = found[i].Unmap()
	}
	return found, err
}

// refused notes that nobody listens at the present address, and tells whether there is another to try. After all of them have
// refused in a row the name is looked up anew.
func (a *addresses) refused() (another bool) {
	a.refusals++
	another = a.refusals < len(a.known)
	if at := slices.Index(a.known, a.current); at >= 0 {
		a.current = a.known[(at+1)%len(a.known)]
	}
	if !another {
		a.refusals, a.known = 0, nil
	}
	return another
}

// held notes that the present address has not refused for long enough to be trusted.
func (a *addresses) held() { a.refusals = 0 }

// moved looks the name up from time to time and tells whether the present address is no longer one of its own.
func (a *addresses) moved(now time.Duration) bool {
	if a.lookup == nil {
		if now-a.asked >= lookupInterval {
			a.lookUp(now)
		}
		return false
	}
	select {
	case <-a.lookup.done:
	default:
		return false
	}
	found := a.lookup.found
	a.lookup = nil
	if len(found) == 0 {
		return false // what is known is better than nothing
	}
	a.known = found
	return !slices.Contains(found, a.current)
}

func (a *addresses) lookUp(now time.Duration) {
	a.asked = now
	ctx, cancel := context.WithTimeout(context.Background(), a.timeout)
	l := &lookup{cancel: cancel, done: make(chan struct{})}
	a.lookup = l
	go func() {
		defer close(l.done)
		defer cancel()
		l.found, _ = a.resolve(ctx)
	}()
}

// close ends a lookup that is under way.
func (a *addresses) close() {
	if a.lookup != nil {
		a.lookup.cancel()
		<-a.lookup.done
	}
}
