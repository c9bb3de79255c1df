package mailcore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
	"time"

	base "example.com/zaphandlers/zapcore"
)

// closeWithin is how long Close may take to send what is held, unless the timeout is longer.
const closeWithin = 5 * time.Second

// connection is the way to the server: made when a mail needs it, and kept for a while afterwards. The dialogue is net/smtp's;
// the connection below it is ours, so that every exchange has a deadline.
type connection struct {
	addr, host  string
	tls         TLS // never TLSAuto
	tlsConfig   *tls.Config
	localName   string
	credentials Credentials
	timeout     time.Duration
	dialer      func(ctx context.Context, network, addr string) (net.Conn, error)

	client *smtp.Client // nil when there is none; owned by the Emitter's lock, like the next
	offer  offer

	mu       sync.Mutex // guards the fields below, for interrupt comes at any time
	conn     net.Conn   // below client
	deadline time.Time  // of conn
	limit    time.Time  // no deadline is after this one, unless it is zero
}

// offer is what the server can do.
type offer struct {
	utf8 bool  // SMTPUTF8 (RFC 6531): addresses beyond ASCII
	size bool  // SIZE (RFC 1870)
	max  int64 // the largest mail it takes, in bytes; 0 if it does not say
}

// newConnection returns a connection that is not made yet.
func newConnection(cfg Config) (*connection, error) {
	c := &connection{
		tls:         cfg.TLS,
		localName:   cfg.LocalName,
		credentials: cfg.Credentials,
		timeout:     cfg.Timeout,
		dialer:      cfg.Dial,
	}
	host, port, err := splitAddr(cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("mailcore: Config.Addr: %w", err)
	}
	switch {
	case c.tls == TLSAuto && port == "465":
		c.tls = TLSImplicit
	case c.tls == TLSAuto && cfg.Credentials.given():
		c.tls = TLSSTARTTLS
	case c.tls == TLSAuto:
		c.tls = TLSNone
	case c.tls != TLSNone && c.tls != TLSSTARTTLS && c.tls != TLSImplicit:
		return nil, fmt.Errorf("mailcore: Config.TLS: %q is none of none, starttls and implicit", c.tls)
	}
	if port == "" {
		port = "25"
		if c.tls == TLSImplicit {
			port = "465"
		}
	}
	c.host, c.addr = host, net.JoinHostPort(host, port)
	c.tlsConfig = tlsConfig(cfg.TLSConfig, host)
	return c, nil
}

// splitAddr takes "host", "host:port", "::1", "[::1]" and "[::1]:port" apart; port may be empty.
func splitAddr(addr string) (host, port string, err error) {
	host = strings.TrimSuffix(strings.TrimPrefix(addr, "["), "]")
	if strings.Contains(addr, ":") && net.ParseIP(host) == nil {
		if host, port, err = net.SplitHostPort(addr); err != nil {
			return "", "", err
		}
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return "", "", fmt.Errorf("%q is not a port", port)
		}
	}
	if host == "" || strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return "", "", fmt.Errorf("%q names no host", addr)
	}
	return host, port, nil
}

func isHostname(s string) bool {
	return s != "" && isASCII(s) && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f })
}

func tlsConfig(cfg *tls.Config, host string) *tls.Config {
	if cfg == nil {
		cfg = new(tls.Config)
	}
	cfg = cfg.Clone()
	if cfg.ServerName == "" {
		cfg.ServerName = host
	}
	if cfg.MinVersion == 0 {
		cfg.MinVersion = tls.VersionTLS12
	}
	return cfg
}

// open makes the connection, up to where mail may be sent. It does nothing if there is one. An error of the server's own
// words is temporary: it says nothing about the mail.
func (c *connection) open() error {
	if c.client != nil {
		return nil
	}
	err := c.dial()
	if err == nil {
		err = c.greet()
	}
	if err == nil {
		return nil
	}
	c.drop()
	var reply *textproto.Error
	if errors.As(err, &reply) || errors.As(err, new(*tls.CertificateVerificationError)) || errors.Is(err, errNotOffered) {
		return &base.RetryError{Err: err}
	}
	return err
}

// dial connects, through implicit TLS if wanted, and reads the server's greeting.
func (c *connection) dial() error {
	until := c.allowed(c.timeout)
	ctx, cancel := context.WithDeadline(context.Background(), until)
	defer cancel()
	conn, err := c.connect(ctx)
	if err != nil {
		return fmt.Errorf("mailcore: %w", err)
	}
	c.mu.Lock()
	c.conn = conn
	c.mu.Unlock()
	if c.tls == TLSImplicit {
		c.allow(c.timeout)
		secure := tls.Client(conn, c.tlsConfig)
		if err := secure.Handshake(); err != nil {
			return fmt.Errorf("mailcore: tls %s: %w", c.addr, err)
		}
		conn = secure
	}
	c.allow(c.timeout)
	if c.client, err = smtp.NewClient(conn, c.host); err != nil {
		return fmt.Errorf("mailcore: greeting of %s: %w", c.addr, err)
	}
	return nil
}

// connect calls the user's code. A panic in it is an error: it may run on a timer's goroutine, where it would end the program.
func (c *connection) connect(ctx context.Context) (conn net.Conn, err error) {
	defer recovered("Config.Dial", &err)
	return c.dialer(ctx, "tcp", c.addr)
}

func recovered(who string, err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%s panicked: %v", who, p)
	}
}

// greet introduces us, through STARTTLS if wanted, and logs in.
func (c *connection) greet() error {
	c.allow(c.timeout)
	if err := c.client.Hello(c.localName); err != nil {
		return fmt.Errorf("mailcore: ehlo: %w", err)
	}
	if c.tls == TLSSTARTTLS {
		if ok, _ := c.client.Extension("STARTTLS"); !ok {
			return fmt.Errorf("mailcore: starttls: %w by %s", errNotOffered, c.addr)
		}
		c.allow(c.timeout)
		if err := c.client.StartTLS(c.tlsConfig); err != nil {
			return fmt.Errorf("mailcore: starttls: %w", err)
		}
	}
	c.offer = offer{}
	c.offer.utf8, _ = c.client.Extension("SMTPUTF8")
	var limit string
	c.offer.size, limit = c.client.Extension("SIZE")
	c.offer.max, _ = strconv.ParseInt(strings.TrimSpace(limit), 10, 64)
	if c.credentials.given() {
		return c.login()
	}
	return nil
}

// errNotOffered is the end of a connection whose server lacks what we insist on.
var errNotOffered = errors.New("not offered")

// command sends one command and reads the answer, which must be of the code want: 25 is any of 250 to 259.
func (c *connection) command(want int, format string, args ...any) error {
	c.allow(c.timeout)
	text := c.client.Text
	id, err := text.Cmd(format, args...)
	if err != nil {
		return err
	}
	text.StartResponse(id)
	defer text.EndResponse(id)
	_, _, err = text.ReadResponse(want)
	return err
}

// hangUp ends the connection as the protocol wants it.
func (c *connection) hangUp() {
	if c.client != nil {
		_ = c.command(221, "QUIT")
		c.drop()
	}
}

// drop ends the connection at once.
func (c *connection) drop() {
	c.client = nil
	c.mu.Lock()
	conn := c.conn
	c.conn = nil
	c.mu.Unlock()
	if conn != nil {
		_ = conn.Close()
	}
}

// allow gives the next exchange d from now.
func (c *connection) allow(d time.Duration) {
	until := c.allowed(d)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		c.deadline = until
		_ = c.conn.SetDeadline(until)
	}
}

// allowed returns when d from now has passed, or the limit if that is earlier.
func (c *connection) allowed(d time.Duration) time.Time {
	until := time.Now().Add(d)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.limit.IsZero() && c.limit.Before(until) {
		return c.limit
	}
	return until
}

// interrupt leaves a mail that is under way one more timeout altogether: enough for a server that works.
func (c *connection) interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.limit.IsZero() {
		return
	}
	c.limit = time.Now().Add(c.timeout)
	if c.conn != nil && c.limit.Before(c.deadline) {
		_ = c.conn.SetDeadline(c.limit)
	}
}

// limitTo bounds everything that follows to d from now.
func (c *connection) limitTo(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limit = time.Now().Add(d)
}
