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

// Names that users of this package need.
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
	// OctetCounting puts the length before each message, in decimal and followed by a space: RFC 6587 section 3.4.1, RFC 5425.
	OctetCounting = netcore.OctetCounting
	// Newline ends each message with a newline: RFC 6587 section 3.4.2.
	Newline = netcore.Newline
	// NUL ends each message with a zero byte, as Python does.
	NUL = netcore.NUL
)

// The ports of syslog: RFC 3164 and RFC 5425.
const (
	DefaultPort    = 514 // Python: SYSLOG_UDP_PORT, SYSLOG_TCP_PORT
	DefaultTLSPort = 6514
	// DefaultRELPPort is the port in rsyslog's documentation; none is registered.
	DefaultRELPPort = 2514
)

// Config configures a Core. Nothing is required: the zero Config sends to UDP port 514 of localhost.
type Config struct {
	// Level selects the records that are sent. Defaults to all.
	Level zapcore.LevelEnabler
	// Encoder makes the text of the messages, including the fields. Defaults to zap's message, with the fields where Format has a
	// place for them.
	Encoder zapcore.Encoder
	// Format is RFC5424, RFC3164 or Python. Defaults to RFC5424, and for Network "local" to RFC3164.
	Format Format

	// Network is one of
	//
	//	udp, tcp        UDP, TCP; "udp4", "udp6", "tcp4" and "tcp6" restrict the address family
	//	relp            RELP over TCP, or TLS if set, to rsyslog's imrelp
	//	unix, unixgram  a unix socket, stream or datagram
	//	local           the socket of the machine's own daemon: the first of /dev/log, /var/run/syslog, /var/run/log
	//	journal         systemd's journal, in its own protocol (Linux)
	//
	// Defaults to "local" if Address is a path (Python: socktype), to "tcp" with TLS, else to "udp".
	//
	// With "relp" the receiver acknowledges each message. Until then its record is Pending, and it is sent again over the next
	// connection if this one ends. Write does not wait for acknowledgements; Sync and Close do.
	Network string
	// Address is "host:port", or the path of a unix socket (Python: address). A host without a port gets port 514, with TLS 6514,
	// with "relp" 2514. IPv6 addresses are in brackets. A path without a Network is the daemon's socket, stream or datagram. A Dial
	// gets Address unchanged. Leave it empty for "local". Defaults to "localhost".
	Address string
	// TLS encrypts a stream, if not nil: RFC 5425. It verifies the server by the host in Address, or by ServerName if that is set.
	// Certificates are the client's. The configuration is copied.
	TLS *tls.Config
	// Dial opens the connection (Python: createSocket). It must obey ctx, and must not log to this core. With TLS and "relp" the
	// connection must be a stream. Defaults to a net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Framing marks the end of a message on a stream: OctetCounting, Newline or NUL. Defaults to OctetCounting for TCP and
	// TLS, Newline for unix sockets, and NUL for Format Python unless OmitNUL.
	Framing Framing
	// MaxSize is the largest message, in bytes, including its framing. A larger message is cut. Defaults to 2,048 for UDP, else to
	// 8,096: what rsyslog calls 8k, and the most that its default does not split.
	MaxSize int

	// Facility is a name that ParseFacility knows, or one of the constants: "local3" or Local3 (Python: facility). New refuses
	// anything else. Defaults to "user".
	Facility any
	// MapPriority returns the priority of a level (Python: mapPriority). It is called for each record, on the goroutine that logs. An
	// invalid priority counts as Warning. Defaults to debug, info, warning and err for Debug to Error, debug below, and crit above.
	// In Python's form a level that is none of zap's is a warning, as there.
	MapPriority func(zapcore.Level) Priority
	// Ident is put before each message, unchanged (Python: ident).
	Ident string
	// OmitNUL omits the NUL at the end of Python's form (Python: append_nul = False).
	OmitNUL bool

	// Hostname is the header's HOSTNAME: RFC 5424 section 6.2.4. "-" means unknown. Defaults to os.Hostname.
	Hostname string
	// AppName is the header's APP-NAME, section 6.2.5, and the tag of RFC 3164. "-" means unknown. Defaults to the name of the
	// program's file.
	AppName string
	// ProcID is the header's PROCID: section 6.2.6. "-" means unknown. Defaults to the process id.
	ProcID string
	// MsgID returns a record's MSGID, section 6.2.7. It is called on the goroutine that logs. Defaults to the logger's name.
	MsgID func(zapcore.Entry) string

	// FieldsID is the SD-ID, section 6.3.2, of the element with the fields: a name, @ and your enterprise number. Defaults to
	// "fields@32473", with the number that is reserved for examples.
	FieldsID string
	// NestedJSON writes a field that is an object or an array as one JSON text. Without it each of its values is a parameter:
	// outer.inner, list.0.
	NestedJSON bool
	// Separator is one character, which joins the names of an object or array and its members, and which replaces dots in keys.
	// Defaults to a dot. syslog-ng makes an element of the part before a dot; it does not with "_" or "/".
	Separator string
	// UniqueNames appends a number to a name that the message already has, ignoring case: status, Status_2. It is for receivers that
	// keep only one of such fields (rsyslog's mmpstrucdata, collectors), and makes each field somewhat slower.
	UniqueNames bool
	// Controls says how control characters in messages and values are written. Defaults to VisibleControls for RFC3164 except on unix
	// sockets, else to RawControls.
	Controls Controls
	// SequenceID numbers the messages from 1 on: RFC 5424 section 7.3.1. A gap is a record that did not arrive. A record that a queue
	// in front dropped has no number and leaves no gap.
	SequenceID bool
	// TimeQuality is RFC 5424's timeQuality element. Defaults to none.
	TimeQuality *TimeQuality
	// Origin is RFC 5424's origin element. Defaults to none.
	Origin *Origin
	// BOM puts a byte order mark before the message, as RFC 5424 section 6.4 wants for UTF-8. Most daemons leave it in the text.
	BOM bool

	// Timeout bounds every call: dialling, handshake and writing together. A write over a connection in use may take half as long
	// again, but at most 1 s more. Defaults to 1 s.
	Timeout time.Duration
	// RetryStart is how long the daemon is left alone after it was unreachable or too slow. Defaults to 1 s, or to RetryMax if that
	// is less.
	RetryStart time.Duration
	// RetryFactor multiplies this delay after each further failure. Defaults to 2.
	RetryFactor float64
	// RetryMax limits the delay; it does not limit RetryStart itself. Defaults to 30 s.
	RetryMax time.Duration
	// RetryJitter draws each delay evenly between zero and its value, so that a fleet does not reconnect all at once.
	RetryJitter bool
	// OnError hears of failures that no caller waits for: a connection that was reset, a datagram that was refused. It is called once
	// for an error, and once on recovery. Defaults to a line on stderr.
	OnError func(error)

	sockets []string // where "local" looks; localSockets except in tests
}

// Core sends records to a syslog daemon: Python's SysLogHandler. It is a zapcore.Core, safe for concurrent use.
//
// In addition to the methods of zapcore.Core it has Close, which must be called, Stats, Level, and WriteBatch, through which a queue
// sends many records in one write. It connects at the first record; New sends nothing.
type Core struct{ *base.Handler }

// New returns a Core. It does not connect, so the daemon need not run yet. An error names the field of cfg that is wrong.
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

// NewFormatter returns the Formatter of the Core that New makes of cfg, for those who send its messages in another way. With
// SequenceID the number is empty (sequenceId=""), for them to fill in.
func NewFormatter(cfg Config) (Formatter, error) {
	_, formatter, err := cfg.complete()
	return formatter, err
}

// complete returns cfg with its defaults, and the formatter for it.
func (cfg Config) complete() (Config, Formatter, error) {
	cfg, facility, err := cfg.withDefaults()
	if err != nil {
		return cfg, nil, err
	}
	formatter, err := newFormatter(&cfg, facility)
	return cfg, formatter, err
}

// room is what MaxSize must leave besides the header, in bytes.
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
