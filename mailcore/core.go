package mailcore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/hosts"
	"example.com/zaphandlers/mailcore/internal/session"
	base "example.com/zaphandlers/zapcore"
)

// Config says what is mailed, to whom and how. Addr, From and one recipient are required; the zero value of every other field is its
// default. New copies the Config.
type Config struct {
	// Level selects the records that are mailed. Defaults to Error and above.
	Level zapcore.LevelEnabler
	// Encoder makes the text of a record. Defaults to zap's console encoder, which is readable.
	Encoder zapcore.Encoder

	// Addr is the server, as "host" or "host:port" (Python: mailhost). The port defaults to 25, with TLSImplicit to 465; providers
	// usually want 587. Required.
	Addr string
	// From is the sender: "ops@example.com", "Orders <orders@example.com>", or a name that the server completes, "root" (Python:
	// fromaddr). A name that RFC 5322 wants quoted is quoted: "[prod] Orders <orders@example.com>". Required.
	From string
	// To, Cc and Bcc are the recipients, in the same forms (Python: toaddrs). An element may be a list separated by commas. At least
	// one is required. Bcc appears in no header.
	To, Cc, Bcc []string
	// Subject is the subject of each mail (Python: subject). Control characters become spaces, and what exceeds 255 bytes is cut.
	// Defaults to the names of program and host: "orders on web-3".
	Subject string
	// SubjectFunc returns the subject for a record's mail instead, even if it is "" (Python: getSubject). A digest has the subject of
	// its worst record. SubjectFunc is called without a lock on every goroutine that logs, so it must be safe for concurrent use.
	SubjectFunc func(ent zapcore.Entry) string

	// Credentials log in to the server (Python: credentials). Defaults to none.
	Credentials Credentials
	// TLS says how the connection is encrypted (Python: secure). Defaults to TLSAuto, which requires TLS if there are Credentials.
	TLS TLS
	// TLSConfig is for a private authority or a client certificate. A function in it may take three quarters of Timeout; one that
	// logs to this core is stuck for that long. Defaults to the system's authorities, the name in Addr, and TLS 1.2 or later;
	// Python's handler verifies nothing.
	TLSConfig *tls.Config
	// LocalName is the name in EHLO. Defaults to the host's name if that is a fully qualified domain name, else, as in Python, to the
	// connection's address, "[192.0.2.1]": many servers refuse a name without a domain (RFC 5321 section 4.1.4), and exim one with an
	// underscore.
	LocalName string
	// Dial opens the connection. It must not log to this core. A Dial that does not return when its context ends is left behind.
	// Defaults to a net.Dialer's DialContext.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// Timeout bounds each exchange with the server: dialling, a command and its answer, 64 KiB of a mail's content (Python: timeout).
	// The TLS handshake and the server's greeting get 4 times as long, because servers delay there. The answer to the content gets 12
	// times as long, because servers scan and deliver there, and giving up means sending a duplicate.
	//
	// After a timeout that exchange gets twice as long the next time, up to a maximum: the package comment has the table. With the
	// default the maxima are those of RFC 5321 section 4.5.3.2. Defaults to 5 s, as in CPython (whose documentation says 1 s, which
	// servers do not meet).
	Timeout time.Duration
	// IdleTime is how long the connection is kept for the next mail. Negative makes a connection for each mail, as in Python.
	// Defaults to 5 s.
	IdleTime time.Duration
	// MailsPerConnection is how many mails a connection carries before a new one is made. Negative is no limit. Defaults to 10: exim
	// delivers no more of one connection at once, and leaves the others until its next queue run.
	MailsPerConnection int
	// MaxCopies is how often a mail is sent whose content the server does not answer, so that nobody knows whether it arrived. It is
	// the same mail each time, with the same Message-ID. After the last attempt it is refused for good, and a queue passes it to its
	// dead-letter core. Negative is no limit. Defaults to 5; with the default Timeout at least three and a half minutes pass in
	// between, if a queue or an Interval tries again.
	MaxCopies int
	// Interval limits the flood: after a mail, records are held for this long, and then mailed in one digest. Defaults to none: a
	// mail for each record, as in Python.
	Interval time.Duration
	// HeldBytes limits the text that an Interval holds, in bytes; there are some 100 bytes more for each record. Records beyond it
	// are only counted. Defaults to 1 MiB.
	HeldBytes int
	// InlineBytes limits the text inside a mail, in bytes. The rest is attached, compressed. Defaults to 64 KiB.
	InlineBytes int
	// MaxBytes is the largest mail, in bytes, at least 1 KiB. A batch's digest that is larger is sent in parts, and a single record
	// that is larger even so is refused. An Interval's digest is sent without its text: its records are only counted. A server with a
	// lower limit is obeyed. Encoding may triple the inline text, so with a small MaxBytes lower InlineBytes too: then more is
	// attached, and less refused. Defaults to 10 MiB.
	MaxBytes int

	// RetryStart, RetryFactor, RetryMax and RetryJitter say how long the server is left alone after it was unreachable, too slow, or
	// answered 4xx. Meanwhile writes fail at once. What an Interval holds is tried again after that time, or after the Interval if
	// that is less. They default to 1 s, 2 and 30 s, as in Python's SocketHandler, without jitter.
	RetryStart  time.Duration
	RetryFactor float64
	RetryMax    time.Duration
	RetryJitter bool

	// OnError hears of failures that no caller waits for: a held digest that could not be sent, a recipient that was refused while
	// others got the mail. It hears the same error once. It is called without a lock and may log. Defaults to a line on stderr.
	OnError func(error)
}

// Defaults of Config.
const (
	DefaultTimeout            = 5 * time.Second
	DefaultIdleTime           = 5 * time.Second
	DefaultMailsPerConnection = 10
	DefaultMaxCopies          = 5
	DefaultHeldBytes          = 1 << 20
	DefaultInlineBytes        = 64 << 10
	DefaultMaxBytes           = 10 << 20
)

// Names that users of this package need.
type (
	// Stats counts records. With an Interval, held records are Pending. Those of a digest, shown or only counted, are Delivered with
	// it.
	Stats = base.Stats
	// LostError is the error of Close if the last digest could not be sent.
	LostError = base.LostError
	// RecipientsError names the recipients that the server refused. OnError gets it if others got the mail.
	RecipientsError = session.RecipientsError
)

// ErrClosed is what Write returns after Close. It wraps os.ErrClosed.
var ErrClosed = base.ErrClosed

// Core mails records. In addition to the methods of zapcore.Core it has
//
//	Close() error              sends what is held, within twice Timeout but at least 5 s, and hangs up
//	Stats() Stats              what became of the records
//	WriteBatch(*Batch)         one digest for many records, as a queue or a buffer passes them
//	Level() zapcore.Level      the lowest level that is mailed
//
// Write returns nil when the server has taken the mail (its 250 after the content) or, with an Interval, when the record is held.
// Sync sends what is held. Everything is safe for concurrent use. With shares everything but the fields.
type Core struct{ *base.Handler }

// New returns a Core. It does not connect yet. An error names the field that is missing or wrong.
func New(cfg Config) (*Core, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	emitter, err := newEmitter(cfg)
	if err != nil {
		return nil, err
	}
	handler, err := base.NewHandler(base.HandlerConfig{
		Name:    "mailcore",
		Level:   cfg.Level,
		Encoder: withSubject(cfg.Encoder, cfg.SubjectFunc),
		Emitter: emitter,
		Backoff: cfg.backoff(),
		Report:  emitter.report,
	})
	if err != nil {
		return nil, err
	}
	return &Core{handler}, nil
}

func (cfg Config) backoff() base.Backoff {
	return base.Backoff{Start: cfg.RetryStart, Factor: cfg.RetryFactor, Max: cfg.RetryMax, Jitter: cfg.RetryJitter}
}

func (cfg Config) withDefaults() Config {
	if cfg.Level == nil {
		cfg.Level = zapcore.ErrorLevel
	}
	if cfg.Encoder == nil {
		cfg.Encoder = newTextEncoder()
	}
	if cfg.Subject == "" {
		cfg.Subject = filepath.Base(os.Args[0]) + " on " + hostname()
	}
	if name := hostname(); cfg.LocalName == "" && hosts.IsDomain(name) {
		cfg.LocalName = name
	}
	setDefault(&cfg.Timeout, DefaultTimeout)
	cfg.Timeout = min(cfg.Timeout, base.LongestTimeout)
	setDefault(&cfg.IdleTime, DefaultIdleTime)
	setDefault(&cfg.MailsPerConnection, DefaultMailsPerConnection)
	setDefault(&cfg.MaxCopies, DefaultMaxCopies)
	setDefault(&cfg.HeldBytes, DefaultHeldBytes)
	setDefault(&cfg.InlineBytes, DefaultInlineBytes)
	setDefault(&cfg.MaxBytes, DefaultMaxBytes)
	return cfg
}

func setDefault[T int | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}

func hostname() string {
	if name, err := os.Hostname(); err == nil && name != "" {
		return name
	}
	return "localhost"
}

// shortestMail is the smallest MaxBytes.
const shortestMail = 1 << 10

// check returns an error for a field that is wrong by itself. Other fields are checked where they are used.
func (cfg Config) check() error {
	switch {
	case cfg.Addr == "":
		return errors.New("mailcore: Config.Addr is required")
	case cfg.From == "":
		return errors.New("mailcore: Config.From is required")
	case len(cfg.To)+len(cfg.Cc)+len(cfg.Bcc) == 0:
		return errors.New("mailcore: Config.To is required, or Cc or Bcc")
	case cfg.Timeout < 0:
		return errors.New("mailcore: Config.Timeout is negative: a server that stalls would stop the program")
	case cfg.HeldBytes < 0:
		return errors.New("mailcore: Config.HeldBytes is negative")
	case cfg.HeldBytes > 0 && cfg.Interval <= 0:
		return errors.New("mailcore: Config.HeldBytes is for an Interval, without which nothing is held")
	case cfg.MailsPerConnection > 1 && cfg.IdleTime < 0:
		return errors.New("mailcore: Config.MailsPerConnection and a negative IdleTime, which is a connection for each mail, exclude each other")
	case cfg.InlineBytes < 0:
		return errors.New("mailcore: Config.InlineBytes is negative")
	case cfg.MaxBytes < 0:
		return errors.New("mailcore: Config.MaxBytes is negative")
	case cfg.MaxBytes > 0 && cfg.MaxBytes < shortestMail:
		return fmt.Errorf("mailcore: Config.MaxBytes of %d has no room for a mail's header: it is a number of bytes, from %d on", cfg.MaxBytes, shortestMail)
	case cfg.Credentials.Username == "" && (cfg.Credentials.Password != "" || cfg.Credentials.Token != nil):
		return errors.New("mailcore: Config.Credentials.Username is required with a Password or a Token")
	case strings.ContainsRune(cfg.Credentials.Username+cfg.Credentials.Password, 0):
		return errors.New("mailcore: Config.Credentials: there is a NUL in them (RFC 4616)")
	case cfg.Interval < 0:
		return errors.New("mailcore: Config.Interval is negative: 0 is none")
	case cfg.Credentials.Password != "" && cfg.Credentials.Token != nil:
		return errors.New("mailcore: Config.Credentials: a Password and a Token exclude each other")
	case cfg.LocalName != "" && !isHostname(cfg.LocalName):
		return fmt.Errorf("mailcore: Config.LocalName: %q is not a host's name", cfg.LocalName)
	}
	err := base.CheckIntervals(
		base.Interval{Field: "Timeout", Value: cfg.Timeout, Shortest: base.ShortestTimeout, Example: "5 * time.Second"},
		base.Interval{Field: "IdleTime", Value: cfg.IdleTime, Shortest: base.ShortestTimeout, Example: "5 * time.Second"},
		base.Interval{Field: "Interval", Value: cfg.Interval, Shortest: base.ShortestTimeout, Example: "10 * time.Minute"},
	)
	if err == nil {
		err = cfg.backoff().Check()
	}
	if err != nil {
		return fmt.Errorf("mailcore: Config.%w", err)
	}
	return nil
}

// newTextEncoder returns the default Encoder.
func newTextEncoder() zapcore.Encoder {
	cfg := zap.NewProductionEncoderConfig()
	cfg.EncodeTime = zapcore.ISO8601TimeEncoder
	cfg.EncodeLevel = zapcore.CapitalLevelEncoder
	cfg.EncodeDuration = zapcore.StringDurationEncoder
	return zapcore.NewConsoleEncoder(cfg)
}
