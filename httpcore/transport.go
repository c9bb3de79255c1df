package httpcore

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"time"
)

const (
	maxAnswer = 16 << 20 // bytes of an answer that an Envelope's Read is given
	maxDrain  = 64 << 10 // bytes read and forgotten, so that the connection can be used again
	maxWords  = 1 << 10  // bytes read of an answer that only people read

	keepAnswer = 1 << 20 // bytes of memory kept for the next answer; Elasticsearch says something of each record
)

// newTransport returns a transport for one caller at a time: it keeps one connection, and notices when the server closes it.
func newTransport(config *tls.Config, connect time.Duration) *http.Transport {
	t := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dial(connect),
		TLSHandshakeTimeout:    max(0, connect),
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    1,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true,
	}
	if config != nil {
		t.TLSClientConfig = config.Clone()
	}
	return t
}

func dial(timeout time.Duration) func(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: max(0, timeout), KeepAlive: 30 * time.Second}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, address)
		if tcp, ok := conn.(*net.TCPConn); ok {
			return lender{tcp}, err
		}
		return conn, err
	}
}

// lender is a connection that sends a payload from where it lies. By itself net/http copies it, 32 KiB at a time, through a
// buffer that it makes for each request.
type lender struct{ *net.TCPConn }

// ReadFrom implements io.ReaderFrom. net/http hands over a body of known length as a LimitedReader.
func (l lender) ReadFrom(r io.Reader) (int64, error) {
	if limited, ok := r.(*io.LimitedReader); ok {
		if body, ok := limited.R.(*payloadReader); ok {
			n, err := body.writeTo(l.TCPConn, limited.N)
			limited.N -= n
			return n, err
		}
	}
	return l.TCPConn.ReadFrom(r)
}

// client returns what makes the requests, and its transport if that is ours.
func (cfg *Config) client(header http.Header) (*http.Client, *http.Transport) {
	var client http.Client
	var own *http.Transport
	if cfg.Client != nil {
		client = *cfg.Client
	} else {
		own = newTransport(cfg.TLS, cfg.ConnectTimeout)
		client.Transport = own
	}
	secret := secretIn(header) != ""
	client.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if cfg.FollowRedirects && len(via) <= 10 && safe(via[0], req, secret) {
			return nil
		}
		return http.ErrUseLastResponse
	}
	return &client, own
}

// safe tells whether a redirect loses neither the body, nor https, nor a secret to another host.
func safe(first, next *http.Request, secret bool) bool {
	return next.Method == first.Method &&
		(first.URL.Scheme != "https" || next.URL.Scheme == "https") &&
		(first.URL.Host == next.URL.Host || !secret)
}

// read reads an answer as far as somebody wants it, and then what is left, so that the connection can be used again.
func (e *emitter) read(resp *http.Response) *Answer {
	a := &e.reply
	*a = Answer{
		Status: resp.StatusCode,
		Header: resp.Header,
		After:  retryAfter(resp.Header, time.Now(), e.patience),
		target: e.target,
		policy: e.policy,
		words:  e.envelope.words,
	}
	want := 0
	switch {
	case a.Status == http.StatusSwitchingProtocols: // its body is the connection, and has no end
		return a
	case e.envelope.Read != nil:
		want = maxAnswer
	case a.Status >= 300:
		want = maxWords
	}
	e.answer, a.cut, a.failure = readUpTo(e.answer[:0], resp.Body, want)
	a.Body = e.answer
	if cap(e.answer) > keepAnswer { // one long answer does not hold its memory for ever
		e.answer = nil
	}
	if a.failure == nil && resp.Body != http.NoBody {
		_, _ = io.CopyN(io.Discard, resp.Body, maxDrain)
	}
	return a
}

// readUpTo appends at most limit bytes of r to dst and tells whether there were more.
func readUpTo(dst []byte, r io.Reader, limit int) (_ []byte, cut bool, err error) {
	for len(dst) < limit {
		if len(dst) == cap(dst) {
			dst = append(dst, 0)[:len(dst)]
		}
		n, err := r.Read(dst[len(dst):min(cap(dst), limit)])
		dst = dst[:len(dst)+n]
		if err == io.EOF {
			return dst, false, nil
		}
		if err != nil {
			return dst, false, err
		}
	}
	return dst, limit > 0, nil
}
