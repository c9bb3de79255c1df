package request

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"example.com/zaphandlers/internal/hosts"
	"example.com/zaphandlers/internal/tlshooks"
)

// Transport is http.Transport for one caller at a time: it keeps one connection, and notices when the server closes it. It knows its
// connections, because net/http cannot be told to leave one: one of HTTP/2 at which a request got no answer counts as idle only once the
// stream is reset, which nobody can wait for, and never while a write to it is stuck.
type Transport struct {
	*http.Transport
	resolver hosts.Resolver

	mu     sync.Mutex // guards the fields below
	conns  map[*lender]struct{}
	closed bool
}

// NewTransport returns a Transport. Of a host that is an address of IPv6 with a zone the certificate need not have the zone, which is this
// machine's word. What is in config of the user's code has that time to return; negative is any.
func NewTransport(config *tls.Config, host string, connect time.Duration) *Transport {
	t := &Transport{conns: map[*lender]struct{}{}}
	t.Transport = &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            t.dial,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    1,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingAfter},
	}
	if config != nil {
		t.TLSClientConfig = tlshooks.Guarded(config, connect)
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Zone() != "" {
		if t.TLSClientConfig == nil {
			t.TLSClientConfig = new(tls.Config)
		}
		t.TLSClientConfig.ServerName = cmp.Or(t.TLSClientConfig.ServerName, ip.WithZone("").String())
	}
	return t
}

// pingAfter is how long a connection of HTTP/2 may be silent before it is asked whether there is anybody, and then how long the
// answer may take.
const pingAfter = 15 * time.Second

// dialer has no timeout of its own: the step's context ends it.
var dialer = net.Dialer{KeepAlive: 30 * time.Second}

func (t *Transport) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := t.resolver.Dial(ctx, &dialer, network, address)
	if err != nil {
		return nil, err
	}
	l := &lender{TCPConn: conn.(*net.TCPConn), transport: t} // net/http dials "tcp"
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		_ = l.TCPConn.Close()
		return nil, net.ErrClosed
	}
	t.conns[l] = struct{}{}
	return l, nil
}

// Pass notes that there was no answer over the last connection: the next one goes to another address of the host, if there is one.
func (t *Transport) Pass() { t.resolver.Pass() }

// Drop closes all connections, whatever is under way on them.
func (t *Transport) Drop() {
	t.mu.Lock()
	for l := range t.conns {
		_ = l.TCPConn.Close()
	}
	clear(t.conns)
	t.mu.Unlock()
	t.CloseIdleConnections() // or it would try them first
}

// Close closes all connections, and those to come.
func (t *Transport) Close() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.resolver.Close()
	t.Drop()
}

// lender is a connection that sends a payload from where it lies. By itself net/http copies it, 32 KiB at a time, through a
// buffer that it makes for each request. And where the server takes no more of it, its answer has a moment to be read: many say why (413,
// 401) and close, and net/http takes whichever comes first, the answer or the error.
type lender struct {
	*net.TCPConn
	transport *Transport
	read      atomic.Int64 // bytes
}

// lenderOf returns the lender that a connection of net/http's is, or is TLS over; nil if there is none.
func lenderOf(conn net.Conn) *lender {
	for {
		switch c := conn.(type) {
		case *lender:
			return c
		case *tls.Conn:
			conn = c.NetConn()
		default:
			return nil
		}
	}
}

// Read implements net.Conn.
func (l *lender) Read(b []byte) (int, error) {
	n, err := l.TCPConn.Read(b)
	l.read.Add(int64(n))
	return n, err
}

// Close implements net.Conn.
func (l *lender) Close() error {
	l.transport.mu.Lock()
	delete(l.transport.conns, l)
	l.transport.mu.Unlock()
	return l.TCPConn.Close()
}

// hearing is how long an answer may take to be read once a write has failed: it is there, or it does not come.
const hearing = 50 * time.Millisecond

// heard returns err of a write, and gives the reader of the connection its moment if there is one.
func heard(err error) error {
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, net.ErrClosed) && !errors.Is(err, errDetached) {
		<-time.After(hearing)
	}
	return err
}

// Write implements net.Conn.
func (l *lender) Write(b []byte) (int, error) {
	n, err := l.TCPConn.Write(b)
	return n, heard(err)
}

// ReadFrom implements io.ReaderFrom. net/http hands over a body of known length as a LimitedReader.
func (l *lender) ReadFrom(r io.Reader) (int64, error) {
	if limited, ok := r.(*io.LimitedReader); ok {
		if body, ok := limited.R.(*reader); ok {
			n, err := body.writeTo(l.TCPConn, limited.N)
			limited.N -= n
			return n, heard(err)
		}
	}
	n, err := l.TCPConn.ReadFrom(r)
	return n, heard(err)
}
