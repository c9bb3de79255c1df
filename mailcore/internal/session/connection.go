package session

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"example.com/zaphandlers/internal/tlshooks"
	base "example.com/zaphandlers/zapcore"
)

// Security says how the connection is encrypted.
type Security int

// The kinds of Security.
const (
	Plain    Security = iota // not at all
	STARTTLS                 // RFC 3207: required
	Implicit                 // RFC 8314: from the first byte
)

// Config configures a Session. All fields but LocalName, Dial, and the last three are required.
type Config struct {
	Host      string // of the server: its certificate must name it, unless TLS says otherwise
	Addr      string // host:port
	LocalName string // for EHLO; "" is the connection's address
	Timeout   time.Duration
	Mails     int                                                               // per connection; negative: no limit
	Dial      func(ctx context.Context, network, addr string) (net.Conn, error) // nil: a net.Dialer's

	Security           Security
	TLS                *tls.Config
	Username, Password string
	Token              func(ctx context.Context) (string, error) // for XOAUTH2
}

// Session is the connection, or a series of connections, to one server.
type Session struct {
	cfg   Config
	times timeouts
	wire  wire

	client *client // nil if there is no connection
	offer  offer
	mails  int // begun on this connection

	unfinished bool // the server has got part of a message, and not its end
}

// offer is what the server supports.
type offer struct {
	utf8 bool  // SMTPUTF8 (RFC 6531): addresses beyond ASCII
	size bool  // SIZE (RFC 1870)
	max  int64 // the largest mail, in bytes; 0 if unknown
}

// New returns a Session without a connection. It keeps a copy of cfg.TLS.
func New(cfg Config) *Session {
	cfg.TLS = tlsConfig(cfg.TLS, cfg.Host, cfg.Timeout)
	return &Session{
		cfg:   cfg,
		times: timeouts{unit: cfg.Timeout},
		wire:  wire{timeout: cfg.Timeout, dial: cfg.Dial},
	}
}

func tlsConfig(cfg *tls.Config, host string, within time.Duration) *tls.Config {
	if cfg == nil {
		cfg = new(tls.Config)
	}
	cfg = tlshooks.Guarded(cfg, within)
	if cfg.ServerName == "" {
		cfg.ServerName = host
		if ip, err := netip.ParseAddr(host); err == nil { // an IPv6 zone is local to this machine
			cfg.ServerName = ip.WithZone("").String()
		}
	}
	if cfg.MinVersion == 0 {
		cfg.MinVersion = tls.VersionTLS12
	}
	return cfg
}

// Connected reports whether there is a connection that may carry another message.
func (s *Session) Connected() bool { return s.client != nil }

// UsedUp reports whether the connection has carried as many messages as it may.
func (s *Session) UsedUp() bool { return s.cfg.Mails > 0 && s.mails >= s.cfg.Mails }

// Limit bounds the next Deliver as a whole to d; with 0 only its steps are bounded.
func (s *Session) Limit(d time.Duration) { s.wire.limitCall(d) }

// LimitAll bounds everything that follows to d.
func (s *Session) LimitAll(d time.Duration) { s.wire.limitAll(d) }

// Hurry bounds the Deliver under way, if there is one, to d from now. It may be called at any time.
func (s *Session) Hurry(d time.Duration) { s.wire.hurry(d) }

// Interrupt bounds what is under way, and everything that follows, to one more timeout. It may be called at any time.
func (s *Session) Interrupt() { s.wire.interrupt() }

// Interrupted reports whether Interrupt was called.
func (s *Session) Interrupted() bool { return s.wire.wasInterrupted() }

// open makes the connection, ready for mail, if there is none. An error that is a reply of the server is temporary: it says nothing
// about the mail.
func (s *Session) open() error {
	if s.client != nil {
		return nil
	}
	err := s.connect()
	if err == nil {
		err = s.hello()
	}
	if err == nil {
		return nil
	}
	s.drop()
	s.wire.resolver.Pass() // another address of the host may have a working server
	var reply *textproto.Error
	if errors.As(err, &reply) || errors.As(err, new(*tls.CertificateVerificationError)) || errors.Is(err, errNotOffered) {
		return &TemporaryError{Err: err}
	}
	return err
}

// during runs one exchange within the time of its step.
func (s *Session) during(step step, exchange func() error) error {
	s.wire.allow(s.times.of(step))
	begin := time.Now()
	err := base.Guard(exchange) // a connection of the user's Dial may panic
	if isTimeout(err) {
		s.times.expired(step)
	} else if err == nil || replyCode(err) != 0 {
		s.times.answered(step, time.Since(begin))
	}
	return err
}

// connect dials, through implicit TLS if configured, and reads the server's greeting.
func (s *Session) connect() error {
	var conn net.Conn
	err := s.during(stepDial, func() (err error) {
		conn, err = s.wire.connect(s.cfg.Addr, s.times.of(stepDial))
		return err
	})
	if err != nil {
		return fmt.Errorf("mailcore: %w", err)
	}
	if s.cfg.Security == Implicit {
		secure := tls.Client(conn, s.cfg.TLS)
		if err := s.during(stepGreeting, secure.Handshake); err != nil {
			return fmt.Errorf("mailcore: tls %s: %w", s.cfg.Addr, err)
		}
		conn = secure
	}
	err = s.during(stepGreeting, func() (err error) {
		s.client, err = newClient(conn, s.cfg.Security == Implicit)
		return err
	})
	if err != nil {
		return fmt.Errorf("mailcore: greeting of %s: %w", s.cfg.Addr, err)
	}
	s.mails, s.unfinished = 0, false
	return nil
}

// hello sends EHLO, starts TLS if configured, and logs in.
func (s *Session) hello() error {
	name := cmp.Or(s.cfg.LocalName, addressLiteral(s.client.conn.LocalAddr()))
	if err := s.during(stepHello, func() error { return s.client.hello(name) }); err != nil {
		return fmt.Errorf("mailcore: ehlo: %w", err)
	}
	if s.cfg.Security == STARTTLS {
		if _, ok := s.client.offer("STARTTLS"); !ok {
			return fmt.Errorf("mailcore: starttls: %w by %s", errNotOffered, s.cfg.Addr)
		}
		if err := s.during(stepHello, func() error { return s.client.startTLS(s.cfg.TLS, name) }); err != nil {
			return fmt.Errorf("mailcore: starttls: %w", err)
		}
	}
	s.offer = offer{}
	_, s.offer.utf8 = s.client.offer("SMTPUTF8")
	var limit string
	limit, s.offer.size = s.client.offer("SIZE")
	s.offer.max, _ = strconv.ParseInt(strings.TrimSpace(limit), 10, 64)
	if s.cfg.Username != "" {
		return authentication{s}.login()
	}
	return nil
}

// addressLiteral returns an address as a name for EHLO (RFC 5321 section 4.1.3).
func addressLiteral(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	switch {
	case !ok || tcp.IP == nil: // a connection of the user's Dial may not be TCP
		return "localhost"
	case tcp.IP.To4() != nil:
		return "[" + tcp.IP.String() + "]"
	}
	return "[IPv6:" + tcp.IP.String() + "]"
}

// command sends one command and reads the reply, whose code must be want; 2 is any of 200 to 299.
func (s *Session) command(step step, want int, format string, args ...any) error {
	return s.during(step, func() error { return s.exchange(want, format, args...) })
}

func (s *Session) exchange(want int, format string, args ...any) error {
	_, err := s.client.exchange(want, format, args...)
	return err
}

// quitTimeout limits how long the server may take to answer QUIT: its answer does not matter.
const quitTimeout = time.Second

// HangUp ends the connection with QUIT.
func (s *Session) HangUp() {
	if s.client != nil {
		s.wire.allow(min(s.cfg.Timeout, quitTimeout))
		_ = base.Guard(func() error { return s.exchange(221, "QUIT") })
		s.drop()
	}
}

// Close hangs up, and ends background lookups.
func (s *Session) Close() {
	s.HangUp()
	s.wire.resolver.Close()
}

// drop ends the connection at once.
func (s *Session) drop() {
	s.client = nil
	s.wire.drop()
}
