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

// Config says what is mailed, to whom and how. Addr, From and one recipient are required; the zero value of every other field
// is its documented default. New copies it.
type Config struct {
	// Level decides which records are mailed. Defaults to Error and above.
	Level zapcore.LevelEnabler
	// Encoder makes the text of a record. Defaults to zap's console encoder, which people can read.
	Encoder zapcore.Encoder

	// Addr is the server: "host" or "host:port". Required. The port defaults to 25, and to 465 with TLSImplicit; providers
	// usually want 587 (Python: mailhost).
	Addr string
	// From is the sender: "ops@example.com", "Orders <orders@example.com>", or a name that the server completes, "root".
	// Required (Python: fromaddr). A name that needs quotes by RFC 5322 gets them: "[prod] Orders <orders@example.com>".
	From string
	// To, Cc and Bcc are the recipients, in the same forms; an element may be a list separated by commas. At least one is
	// required (Python: toaddrs). Bcc appears in no header.
	To, Cc, Bcc []string
	// Subject of each mail (Python: subject). Defaults to the program's name and the host's: "orders on web-3".
	Subject string
	// SubjectFunc returns the subject of a record's mail instead (Python: getSubject), also where that is "". A digest has the subject
	// of its worst record. It is called under no lock by every goroutine that logs, so it must be safe for concurrent use. In either
	// control characters become spaces, and what is longer than 255 bytes is cut.
	SubjectFunc func(ent zapcore.Entry) string

	// Credentials log in to the server (Python: credentials). Defaults to none.
	Credentials Credentials
	// TLS says how the connection is encrypted (Python: secure). Defaults to TLSAuto: required if there are Credentials.
	TLS TLS
	// TLSConfig is for a private authority or a certificate of the client's. Defaults to the system's authorities, the name
	// in Addr and TLS 1.2 or better; Python's handler verifies nothing. A function in it has 3/4 of Timeout to return,
	// and waits until then if it logs to this core.
	TLSConfig *tls.Config
	// LocalName is what the client calls itself to the server (EHLO). Defaults to the name of the host if that is a whole name of the
	// DNS, and else to the connection's own address, "[192.0.2.1]": many servers refuse a name without a domain (RFC 5321 section
	// 4.1.4, as Python), and some one with an underscore in it (exim).
	LocalName string
	// Dial makes the connection. Defaults to a net.Dialer's DialContext. It must not log to this core. One that does not
	// return when its context ends is left behind.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// Timeout bounds each exchange with the server: dialling, a command and its answer, 64 KiB of a mail's content. The
	// server's greeting and the TLS handshake have 4 times as long, because servers wait there; the answer to the content 12
	// times, because servers scan and deliver there, and to give up means to send a copy. After a timeout that exchange has
	// twice as long the next time, up to what RFC 5321 section 4.5.3.2 asks for if Timeout is the default: the package's doc
	// has the table. Defaults to 5 s, as in CPython; its documentation
	// says 1 s, to which servers do not keep (Python: timeout).
	Timeout time.Duration
	// IdleTime is how long the connection is kept for the next mail. Defaults to 5 s; a negative one makes a connection for
	// each mail, as Python does.
	IdleTime time.Duration
	// MailsPerConnection is how many mails one connection carries before a new one is made. Defaults to 10: exim delivers no
	// more of one connection at once, and lets the others lie until its next queue run. A negative one is any number.
	MailsPerConnection int
	// MaxCopies is how often one mail is sent whose content the server does not answer, so that nobody knows whether it
	// arrived. It is the same mail each time, with the same Message-ID; after the last attempt it counts as refused for
	// good, and a queue hands it to its dead-letter core. Defaults to 5, between which at least three and a half minutes
	// pass, by the default of Timeout, if a queue or an Interval tries again. A negative one is any number.
	MaxCopies int
	// Interval limits the flood: after a mail, records are held for this long, and then go in one digest. Defaults to none: a
	// mail for each record, as Python.
	Interval time.Duration
	// HeldBytes is how much text an Interval holds, beside some 100 bytes for each of its records; what comes beyond it is counted.
	// Defaults to 1 MiB.
	HeldBytes int
	// InlineBytes is how much text stands in a mail; the rest is attached, compressed. Defaults to 64 KiB.
	InlineBytes int
	// MaxBytes is the largest mail. A batch's digest that is larger is sent in parts, and one record that is larger even so is
	// refused; that of an Interval goes without its text, and its records are counted only. What InlineBytes leaves in the mail takes up
	// to three times as much there: with a small MaxBytes set that to less, and more is attached than refused. At least 1 KiB; defaults
	// to 10 MiB. A server that takes less says so, and is obeyed.
	MaxBytes int

	// RetryStart, RetryFactor, RetryMax and RetryJitter say how long the server is left alone after it could not be reached, was too
	// slow, or answered 4xx; writes fail at once meanwhile, and what an Interval holds is tried again after as long, or after the
	// Interval if that is less. They default to 1 s, 2 and 30 s, as in Python's SocketHandler, without jitter.
	RetryStart  time.Duration
	RetryFactor float64
	RetryMax    time.Duration
	RetryJitter bool

	// OnError is told what no caller waits for: a held digest that could not be sent, a recipient that the server refused
	// while others got the mail. The same error comes once. It is called under no lock and may log. Defaults to printing to
	// stderr.
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

// What users of this package must be able to name.
type (
	// Stats counts records. With an Interval, those held are Pending, and those of a digest, shown or only counted, are
	// Delivered with it.
	Stats = base.Stats
	// LostError is what Close returns if the last digest could not be sent.
	LostError = base.LostError
	// RecipientsError names the recipients whom the server refused. OnError gets it when others got the mail.
	RecipientsError = session.RecipientsError
)

// ErrClosed is what Write returns after Close. It wraps os.ErrClosed.
var ErrClosed = base.ErrClosed

// Core mails records. Beside the methods of zapcore.Core it has
//
//	Close() error              send what is held, within twice Timeout but not less than 5 s, and hang up
//	Stats() Stats              what became of the records
//	WriteBatch(*Batch)         one digest mail for many records, as a queue or a buffer hands them over
//	Level() zapcore.Level      the lowest level that is mailed
//
// Write returns nil when the server has taken the mail (its 250 after the content) or, with an Interval, when the record is
// held. Sync sends what is held. Everything is safe for concurrent use; With shares everything but the fields.
type Core struct{ *base.Handler }

// New returns a Core. It makes no connection yet. An error names the field that is missing or wrong.
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

// shortestMail is the least that MaxBytes may be.
const shortestMail = 1 << 10

// check returns an error for a field that stands alone and is wrong. The others are checked where they are understood.
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

// newTextEncoder returns the Encoder that Config.Encoder defaults to.
func newTextEncoder() zapcore.Encoder {
	cfg := zap.NewProductionEncoderConfig()
	cfg.EncodeTime = zapcore.ISO8601TimeEncoder
	cfg.EncodeLevel = zapcore.CapitalLevelEncoder
	cfg.EncodeDuration = zapcore.StringDurationEncoder
	return zapcore.NewConsoleEncoder(cfg)
}
