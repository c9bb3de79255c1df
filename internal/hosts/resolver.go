package hosts

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// Resolver looks names up, and connects to what they mean. It is safe for concurrent use; the zero value is ready.
//
// Where the first server of the DNS does not answer, package net asks the next one after five seconds, which a caller may not have, each
// time. So a lookup that its caller has given up goes on, and who asks next gets what it has found.
type Resolver struct {
	mu      sync.Mutex // guards the fields below
	lookups map[question]*lookup
	closed  bool
	last    netip.Addr // that Dial has connected to, of a host with several
	passed  netip.Addr // see Pass
}

type question struct{ network, host string }

// lookup is a question whose answer nobody has had yet.
type lookup struct {
	cancel context.CancelFunc
	done   chan struct{} // closed when the fields below are valid
	found  []netip.Addr
	err    error
	at     time.Time
}

const (
	longestLookup = time.Minute // of all servers, and all domains that are tried
	fresh         = time.Minute // so long is what was found worth something
	freshFailure  = time.Second // the same of an error: the next lookup may find what this one has not
)

// Lookup returns the addresses of host. Network is "ip", "ip4" or "ip6".
func (r *Resolver) Lookup(ctx context.Context, network, host string) ([]netip.Addr, error) {
	asked := question{network, host}
	l, err := r.begin(asked)
	if err != nil {
		return nil, err
	}
	select {
	case <-l.done:
	case <-ctx.Done():
		late := errors.Is(ctx.Err(), context.DeadlineExceeded)
		failed := &net.DNSError{Err: "operation was canceled", Name: host, IsTimeout: late, UnwrapErr: ctx.Err()}
		if late {
			failed.Err = os.ErrDeadlineExceeded.Error()
		}
		return nil, failed
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lookups[asked] == l {
		delete(r.lookups, asked)
	}
	return l.found, l.err
}

// begin returns the lookup that answers a question: the one that was given up, or a new one.
func (r *Resolver) begin(asked question) (*lookup, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, net.ErrClosed
	}
	maps.DeleteFunc(r.lookups, func(_ question, l *lookup) bool { return l.isOld() })
	if l := r.lookups[asked]; l != nil {
		return l, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), longestLookup)
	l := &lookup{cancel: cancel, done: make(chan struct{})}
	if r.lookups == nil {
		r.lookups = make(map[question]*lookup)
	}
	r.lookups[asked] = l
	go func() {
		defer close(l.done)
		defer cancel()
		l.found, l.err = find(ctx, asked.network, asked.host)
		l.at = time.Now()
	}()
	return l, nil
}

// find is LookupNetIP of package net, which loses the zones of IPv6, as /etc/hosts and mDNS may have them.
func find(ctx context.Context, network, host string) ([]netip.Addr, error) {
	if network == "ip4" {
		return net.DefaultResolver.LookupNetIP(ctx, network, host)
	}
	found, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil {
		return nil, err
	}
	var addresses []netip.Addr
	for _, a := range found {
		if ip, ok := netip.AddrFromSlice(a.IP); ok && (network == "ip" || !ip.Unmap().Is4()) {
			addresses = append(addresses, ip.Unmap().WithZone(a.Zone))
		}
	}
	if addresses == nil {
		return nil, &net.AddrError{Err: "no suitable address found", Addr: host}
	}
	return addresses, nil
}

// isOld tells whether what was found is worth nothing any more.
func (l *lookup) isOld() bool {
	select {
	case <-l.done:
		if l.err != nil {
			return time.Since(l.at) > freshFailure
		}
		return time.Since(l.at) > fresh
	default:
		return false
	}
}

// Close ends the lookups that are under way.
func (r *Resolver) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for _, l := range r.lookups {
		l.cancel()
		<-l.done
	}
	clear(r.lookups)
}
