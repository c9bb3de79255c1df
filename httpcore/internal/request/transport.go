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

// Transport is an http.Transport for one caller at a time. It keeps one connection, and notices when the server closes it. It tracks
// its connections, because net/http has no way to abandon one: a connection of HTTP/2 on which a request got no answer becomes idle
// only when the stream is reset, which nobody can wait for, and never while a write to it is stuck.
type Transport struct {
	*http.Transport
	resolver hosts.Resolver

	mu     sync.Mutex // guards the fields below
	conns  map[*payloadConn]struct{}
	closed bool
}

// NewTransport returns a Transport. If host is an IPv6 address with a zone, its certificate need not contain the zone, which is local
// to this machine. connect bounds the user's functions in config; negative is no limit.
func NewTransport(config *tls.Config, host string, connect time.Duration) *Transport {
	t := &Transport{conns: map[*payloadConn]struct{}{}}
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

// pingAfter is how long a connection of HTTP/2 may be silent before it is pinged, and then how long the answer may take.
const pingAfter = 15 * time.Second

// dialer has no timeout: the step's context ends it.
var dialer = net.Dialer{KeepAlive: 30 * time.Second}

func (t *Transport) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := t.resolver.Dial(ctx, &dialer, network, address)
	if err != nil {
		return nil, err
	}
	l := &payloadConn{TCPConn: conn.(*net.TCPConn), transport: t} // net/http dials "tcp"
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		_ = l.TCPConn.Close()
		return nil, net.ErrClosed
	}
	t.conns[l] = struct{}{}
	return l, nil
}

// Pass notes that the last connection brought no answer: the next one goes to another address of the host, if there is one.
func (t *Transport) Pass() { t.resolver.Pass() }

// Drop closes all connections, whatever is under way on them.
func (t *Transport) Drop() {
	t.mu.Lock()
	for l := range t.conns {
		_ = l.TCPConn.Close()
	}
	clear(t.conns)
	t.mu.Unlock()
	t.CloseIdleConnections() // or net/http would try them first
}

// Close closes all connections, and those yet to be dialled.
func (t *Transport) Close() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.resolver.Close()
	t.Drop()
}

// payloadConn is a connection that sends a payload from its own memory: net/http would copy it, 32 KiB at a time, through a buffer
// that it makes for each request.
//
// When a write fails, it waits for a moment, so that the answer can be read. Many servers answer (413, 401) and close without reading
// the body, and net/http takes whichever comes first, the answer or the error.
type payloadConn struct {
	*net.TCPConn
	transport *Transport
	read      atomic.Int64 // bytes
}

// payloadConnOf returns conn, or the connection below its TLS, if it is a payloadConn; else nil.
func payloadConnOf(conn net.Conn) *payloadConn {
	for {
		switch c := conn.(type) {
		case *payloadConn:
			return c
		case *tls.Conn:
			conn = c.NetConn()
		default:
			return nil
		}
	}
}

// Read implements net.Conn.
func (l *payloadConn) Read(b []byte) (int, error) {
	n, err := l.TCPConn.Read(b)
	l.read.Add(int64(n))
	return n, err
}

// Close implements net.Conn.
func (l *payloadConn) Close() error {
	l.transport.mu.Lock()
	delete(l.transport.conns, l)
	l.transport.mu.Unlock()
	return l.TCPConn.Close()
}

// answerGrace is how long a failed write waits for the answer to be read. It is already there, or it will not come.
const answerGrace = 50 * time.Millisecond

// awaitAnswer returns err, the error of a write, after waiting for the answer if there may be one.
func awaitAnswer(err error) error {
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, net.ErrClosed) && !errors.Is(err, errDetached) {
		<-time.After(answerGrace)
	}
	return err
}

// Write implements net.Conn.
func (l *payloadConn) Write(b []byte) (int, error) {
	n, err := l.TCPConn.Write(b)
	return n, awaitAnswer(err)
}

// ReadFrom implements io.ReaderFrom. net/http passes a body of known length as a LimitedReader.
func (l *payloadConn) ReadFrom(r io.Reader) (int64, error) {
	if limited, ok := r.(*io.LimitedReader); ok {
		if body, ok := limited.R.(*reader); ok {
			n, err := body.writeTo(l.TCPConn, limited.N)
			limited.N -= n
			return n, awaitAnswer(err)
		}
	}
	n, err := l.TCPConn.ReadFrom(r)
	return n, awaitAnswer(err)
}
