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

// Resolver looks names up, and connects to their addresses. It is safe for concurrent use. The zero value is ready to use.
//
// If the first DNS server does not answer, package net asks the next one after five seconds, each time, which may be more than a
// caller has. So a lookup that its caller has given up continues, and the next caller gets its result.
type Resolver struct {
	mu      sync.Mutex // guards the fields below
	lookups map[question]*lookup
	closed  bool
	last    netip.Addr // to which Dial connected last, of a host with several
	passed  netip.Addr // see Pass
}

type question struct{ network, host string }

// lookup is a question whose answer no caller has got yet.
type lookup struct {
	cancel context.CancelFunc
	done   chan struct{} // closed when the fields below are valid
	found  []netip.Addr
	err    error
	at     time.Time
}

const (
	longestLookup = time.Minute // for all servers, and all domains that are tried
	fresh         = time.Minute // how long addresses are valid
	freshFailure  = time.Second // how long an error is valid: the next lookup may succeed
)

// Lookup returns the addresses of host. network is "ip", "ip4" or "ip6".
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

// begin returns the lookup for a question: one that was given up, or a new one.
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

// find is LookupNetIP of package net, without losing IPv6 zones, which /etc/hosts and mDNS may have.
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

// isOld reports whether the result is not valid any more.
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
