package sysloghandler

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/netcore"
	base "example.com/zaphandlers/zapcore"
)

// What users of this package have to name.
type (
	// Stats counts records.
	Stats = base.Stats
	// LostError says how many messages Close could not deliver, with Network "relp".
	LostError = base.LostError
	// Formatter makes the bytes of one message.
	Formatter = base.Formatter
	// Framing says where one message ends and the next begins on a stream.
	Framing = netcore.Framing
)

// ErrClosed is what Write returns after Close. It wraps os.ErrClosed.
var ErrClosed = base.ErrClosed

// The framings of syslog. On datagrams there is none.
const (
	// OctetCounting puts the length before each message, in decimal, and a space: RFC 6587 section 3.4.1, RFC 5425.
	OctetCounting = netcore.OctetCounting
	// Newline puts a newline behind each message: RFC 6587 section 3.4.2.
	Newline = netcore.Newline
	// NUL puts a zero byte behind each message, as Python does.
	NUL = netcore.NUL
)

// The ports of syslog: RFC 3164 and RFC 5425.
const (
	DefaultPort    = 514 // Python: SYSLOG_UDP_PORT, SYSLOG_TCP_PORT
	DefaultTLSPort = 6514
	// DefaultRELPPort is the one that rsyslog's documentation has; none is registered.
	DefaultRELPPort = 2514
)

// Config makes a Core. Nothing is required: the zero Config sends to UDP port 514 of localhost.
type Config struct {
	// Level decides which records are sent. Defaults to everything.
	Level zapcore.LevelEnabler
	// Encoder makes the text of the messages, with the fields in it. Defaults to zap's message, with the fields in the place
	// that Format has for them.
	Encoder zapcore.Encoder
	// Format is RFC5424, RFC3164 or Python. Defaults to RFC5424, and for Network "local" to RFC3164.
	Format Format

	// Network is "udp", "tcp", "relp", "unixgram", "unix", "journal", which is systemd's journal in its own protocol (Linux), or
	// "local", which finds the socket of the machine's own daemon: /dev/log, /var/run/syslog, /var/run/log. "udp4", "udp6", "tcp4"
	// and "tcp6" allow only that family. Defaults to "udp", and with TLS to "tcp"; if Address is a path, to "local" at that path
	// (Python: socktype).
	//
	// With "relp", over TCP and with TLS if asked, the receiver (rsyslog's imrelp) acknowledges each message: a record is delivered when it
	// has, pending before, and sent again over the next connection otherwise. Write does not wait for that, Sync and Close do.
	Network string
	// Address is "host:port", or the path of a unix socket (Python: address); none for "local". A host alone has port 514, with TLS
	// 6514, and with "relp" 2514; an IPv6 address is in brackets. A path without a Network is the daemon's own socket, as "local" finds
	// it. A Dial gets it as it is. Defaults to "localhost".
	Address string
	// TLS encrypts a stream, if not nil: RFC 5425. It verifies the server, by the host in Address unless ServerName says
	// otherwise; Certificates are the client's own. It is copied.
	TLS *tls.Config
	// Dial opens the connection (Python: createSocket). It must obey ctx, and must not log to this core. With TLS, and for "relp", it has
	// to be a stream. Defaults to a net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Framing marks the end of a message on a stream: OctetCounting, Newline or NUL. Defaults to OctetCounting for TCP and
	// TLS, Newline for unix sockets, and NUL for Format Python unless OmitNUL.
	Framing Framing
	// MaxSize is the largest message, in bytes, with all that belongs to its frame. A larger one is cut. Defaults to 2,048 for UDP,
	// else to 8,096: what rsyslog calls 8k, and the most that it does not split unless told otherwise.
	MaxSize int

	// Facility is the name of one, as ParseFacility knows them, or one of the constants: "local3" or Local3 (Python:
	// facility). Anything else is an error of New. Defaults to "user".
	Facility any
	// MapPriority returns the priority of a level (Python: mapPriority). It is called for each record by the goroutine that logs; what is
	// no priority counts as Warning. Defaults to debug, info, warning and err for Debug to Error, debug below, and crit above; in Python's
	// form, as there, a level that is none of zap's is a warning.
	MapPriority func(zapcore.Level) Priority
	// Ident comes before each message, exactly as it is (Python: ident).
	Ident string
	// OmitNUL leaves out the NUL at the end of Python's form (Python: append_nul = False).
	OmitNUL bool

	// Hostname is the header's: RFC 5424 section 6.2.4. Defaults to os.Hostname. "-" says nothing.
	Hostname string
	// AppName is the header's, section 6.2.5, and the tag of RFC 3164. Defaults to the name of the program's file. "-" says nothing.
	AppName string
	// ProcID is the header's: section 6.2.6. Defaults to the process id. "-" says nothing.
	ProcID string
	// MsgID returns a record's MSGID, section 6.2.7. It is called by the goroutine that logs. Defaults to the logger's name.
	MsgID func(zapcore.Entry) string

	// FieldsID is the SD-ID, section 6.3.2, under which RFC 5424 has the fields: a name, @ and your enterprise number. Defaults to
	// "fields@32473", of which the number is the one reserved for examples.
	FieldsID string
	// NestedJSON writes a field that is an object or an array as one JSON text. Defaults to a parameter for each of its
	// values: outer.inner, list.0.
	NestedJSON bool
	// Separator stands between the names of a field and of the object or array that it is in, and in place of dots in keys: one
	// character. Defaults to a dot. syslog-ng makes an element of its own of what stands before a dot: with "_" or "/" it
	// does not.
	Separator string
	// UniqueNames puts a number behind a name that the message has already, in whatever case: status, Status_2. Some receivers
	// keep only one of such fields (rsyslog's mmpstrucdata, collectors). It takes a while per field.
	UniqueNames bool
	// Controls says whether control characters in texts and values are written as they are, or so that they can be seen.
	// Defaults to VisibleControls for RFC3164 but on unix sockets, and else to RawControls.
	Controls Controls
	// SequenceID numbers the messages, from 1 on: RFC 5424 section 7.3.1. A gap is a record that did not arrive; what a queue
	// in front dropped had no number, and leaves none.
	SequenceID bool
	// TimeQuality is RFC 5424's timeQuality element. Defaults to none.
	TimeQuality *TimeQuality
	// Origin is RFC 5424's origin element. Defaults to none.
	Origin *Origin
	// BOM puts a byte order mark before the message, by which RFC 5424 tells UTF-8: section 6.4. Most daemons leave it in the text.
	BOM bool

	// Timeout bounds every call: dialling, handshake and writing together. A write over a connection in use may take half as
	// long again, but at most a second more. Defaults to 1 s.
	Timeout time.Duration
	// RetryStart is how long the daemon is left alone after it could not be reached, or was too slow. Defaults to 1 s, or RetryMax if that is
	// less.
	RetryStart time.Duration
	// RetryFactor multiplies that with each further failure. Defaults to 2.
	RetryFactor float64
	// RetryMax is its limit, but for RetryStart itself. Defaults to 30 s.
	RetryMax time.Duration
	// RetryJitter draws each of these times evenly between zero and its value, so that a fleet does not come back all at once.
	RetryJitter bool
	// OnError is told what no caller waits for: a connection that was reset, a datagram that was refused. It is called once
	// per error and once on recovery. Defaults to a line on stderr.
	OnError func(error)

	sockets []string // where "local" looks; localSockets but in tests
}

// Core sends records to a syslog daemon: Python's SysLogHandler. It is a zapcore.Core, safe for concurrent use.
//
// Beside the methods of zapcore.Core it has Close, which must be called, Stats, Level, and WriteBatch, by which a queue hands
// it many records for one write. It connects at the first record; nothing is sent in New.
type Core struct{ *base.Handler }

// New returns a Core. An error names the field of cfg that is wrong; the daemon need not be there yet.
func New(cfg Config) (*Core, error) {
	cfg, formatter, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	report := base.NewReporter("sysloghandler", cfg.OnError)
	emitter, err := newEmitter(&cfg, report)
	if err != nil {
		return nil, err
	}
	handler, err := base.NewHandler(base.HandlerConfig{
		Name:      "sysloghandler",
		Level:     cfg.Level,
		Formatter: formatter,
		Emitter:   emitter,
		Backoff:   cfg.backoff(),
		Report:    report,
	})
	if err != nil {
		return nil, err
	}
	return &Core{handler}, nil
}

// NewFormatter returns the Formatter of a Core that New would make of cfg, for those who send its messages by another way. With
// SequenceID the place of the number is empty (sequenceId=""), for them to fill in.
func NewFormatter(cfg Config) (Formatter, error) {
	_, formatter, err := cfg.complete()
	return formatter, err
}

// complete returns cfg with its defaults, and the formatter that it asks for.
func (cfg Config) complete() (Config, Formatter, error) {
	cfg, facility, err := cfg.withDefaults()
	if err != nil {
		return cfg, nil, err
	}
	formatter, err := newFormatter(&cfg, facility)
	return cfg, formatter, err
}

// room is the least that MaxSize has to leave beside the header, in bytes.
const room = 128

func newFormatter(cfg *Config, facility Facility) (Formatter, error) {
	var formatter interface {
		Formatter
		headSize() int
	}
	c := newContent(cfg, facility)
	switch cfg.Format {
	case journalForm:
		formatter = newNative(cfg, c, facility)
	case RFC3164:
		formatter = newRFC3164(cfg, c)
	case Python:
		formatter = newPython(cfg, c)
	default:
		formatter = newRFC5424(cfg, c)
	}
	ident, _ := c.text.append(nil, cfg.Ident, math.MaxInt) // its control characters may be spelled out
	if least := (formatter.headSize()+len(ident)+room)*4/3 + cfg.overhead(); cfg.MaxSize < least {
		what := "the header needs"
		if cfg.Ident != "" {
			what = "the header and Ident need"
		}
		return nil, wrong("MaxSize", "%d is too small: %s %d", cfg.MaxSize, what, least)
	}
	return formatter, nil
}

func newEmitter(cfg *Config, report *base.Reporter) (base.Emitter, error) {
	if cfg.Network == journal && !journalSupported {
		return nil, fmt.Errorf("sysloghandler: Config.Network \"journal\" is for Linux: %w", errors.ErrUnsupported)
	}
	network := cfg.Network
	if network == relp {
		network = "tcp"
	}
	emitter, err := netcore.NewEmitter(netcore.EmitterConfig{
		Name:        "sysloghandler",
		Network:     network,
		RELP:        cfg.Network == relp,
		Address:     cfg.Address,
		DefaultPort: cfg.defaultPort(),
		TLS:         cfg.TLS,
		Dial:        cfg.Dial,
		Framing:     cfg.streamFraming(),
		Timeout:     cfg.Timeout,
		RetryStart:  cfg.RetryStart,
		Report:      report,
	})
	if err != nil || !cfg.SequenceID {
		return emitter, err
	}
	return &numbered{Emitter: emitter}, nil
}
