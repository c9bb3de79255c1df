package netcore

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/netcore/internal/connection"
	base "example.com/zaphandlers/zapcore"
)

// Names that users of this package need.
type (
	// Stats counts records.
	Stats = base.Stats
	// LostError says how many records Close could not deliver.
	LostError = base.LostError
	// Formatter makes the bytes of one record.
	Formatter = base.Formatter
	// Record is one log record, as a Formatter gets it.
	Record = base.Record
)

// ErrClosed is what Write returns after Close. It wraps os.ErrClosed.
var ErrClosed = base.ErrClosed

// The default ports: Python's (logging.handlers) for TCP and UDP, Fluentd's, and Graylog's.
const (
	DefaultTCPPort     = 9020
	DefaultUDPPort     = 9021
	DefaultForwardPort = 24224
	DefaultGELFPort    = 12201
)

// Config configures a Core. Only Address is required.
type Config struct {
	// Level selects the records that are sent. Defaults to all.
	Level zapcore.LevelEnabler
	// Encoder makes the frames, one per record. Its line ending is not sent, because the framing marks the end of a record. Defaults
	// to JSON with RFC 3339 times.
	Encoder zapcore.Encoder
	// Formatter makes the frames instead of an Encoder: Records(), Pickle(), Forward(…), GELF(…) or your own (Python: makePickle).
	Formatter Formatter

	// Network is "tcp", "udp", "unix" or "unixgram"; "tcp4", "tcp6", "udp4" and "udp6" restrict the address family. Defaults to
	// "unix" if Address is a path, else to "tcp".
	Network string
	// Address is "host:port" (Python: host, port), or the path of a unix socket (Python: port = None). Required.
	//
	// A host without a port gets DefaultTCPPort or DefaultUDPPort, or the port of Forward or GELF. IPv6 addresses are in brackets. A
	// relative path starts at the working directory of the moment New is called. A Dial gets Address unchanged.
	Address string
	// TLS encrypts a stream, if not nil. It verifies the server by the host in Address, or by ServerName if that is set. Certificates
	// are the client's. The configuration is copied.
	TLS *tls.Config
	// Dial opens the connection (Python: makeSocket). It must obey ctx, and must not log to this core. The local address of the
	// connection tells whether it is a stream: TLS, Ack and Forward need one, GELF's Compression needs datagrams. Defaults to a
	// net.Dialer that tries every address of a name, and starts the next one while an address does not answer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Framing marks the end of a record on a stream. Defaults to LengthPrefix with a Formatter, Ack or Key, else to Newline.
	// Datagrams are Unframed, except that Pickle() has a LengthPrefix there too, as in Python's DatagramHandler. Forward and GELF
	// have their own framing.
	Framing Framing
	// MaxSize is the largest frame, in bytes. Escapes count; the length, the separator and the signature around the frame do not. A
	// larger record is refused, or cut if Truncate is set. Over UDP it defaults to what a datagram holds: 65,507, less the length and
	// the signature. It defaults to DefaultMaxFrame where only a Server can be the peer, as with Records() or a Key, and else to no
	// limit but the system's. With Ack, the limit that the Server announces applies too.
	MaxSize int
	// Truncate cuts a record that is larger than MaxSize, between two runes. It is for text.
	Truncate bool
	// EscapeControls writes control characters as escapes, whatever the transport: a newline becomes \n, ESC becomes \x1b. It is for
	// text that may contain them (JSON contains none but DEL and C1) and for two kinds of receivers: those that refuse control
	// characters, as strict readers of RFC 3164 do, and those that end a message at a line feed even inside a datagram, so that what
	// is logged could forge another one (VictoriaLogs 1.52). A Framing always escapes its own separator.
	EscapeControls bool
	// Key signs every frame with HMAC-SHA-256, so that a Server with the same Key accepts records only from those who know it. At
	// least 16 bytes. It is copied. Streams need LengthPrefix; with datagrams the clocks of both ends must agree to within a minute.
	// With Forward it is the shared key that both sides prove to know; it signs nothing there and may be shorter. Defaults to no
	// signature.
	Key []byte
	// Ack asks a Server that has Ack to confirm what its target has taken. Unconfirmed records are sent again over the next
	// connection. Write does not wait for confirmations; Sync and Close do. It needs a stream with LengthPrefix, or Forward.
	Ack bool
	// Window limits the unconfirmed frames with Ack, in bytes. When it is full Write waits. Defaults to 1 MiB.
	Window int

	// Timeout bounds every call: dialling, handshake and writing together. A write over a connection in use may take half as long
	// again, but at most 1 s more, because its deadline is renewed only now and then. Defaults to 1 s, as in Python.
	Timeout time.Duration
	// RetryStart is how long the destination is left alone after it was unreachable or too slow (Python: retryStart). Defaults to 1
	// s, or to RetryMax if that is less.
	RetryStart time.Duration
	// RetryFactor multiplies this delay after each further failure (Python: retryFactor). Defaults to 2.
	RetryFactor float64
	// RetryMax limits the delay; as in Python (retryMax) it does not limit RetryStart itself. Defaults to 30 s.
	RetryMax time.Duration
	// RetryJitter draws each delay evenly between zero and its value, so that a fleet does not reconnect all at once.
	RetryJitter bool
	// OnError hears of failures that no caller waits for: a connection that was reset, a datagram that was refused. It is called once
	// for an error, and once on recovery. Defaults to a line on stderr.
	OnError func(error)

	clock zapcore.Clock // for the tests of the backoff
}

// Core sends records over a socket: Python's SocketHandler and DatagramHandler. It is a zapcore.Core, safe for concurrent use.
//
// In addition to the methods of zapcore.Core it has Close, which must be called, Stats, Level, and WriteBatch, through which a queue
// sends many records in one write. It connects at the first record; New sends nothing.
type Core struct{ *base.Handler }

// New returns a Core. It does not connect, so the destination need not exist yet. An error names the field of cfg that is missing or
// wrong.
func New(cfg Config) (*Core, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	report := base.NewReporter("netcore", cfg.OnError)
	emitter, err := NewEmitter(cfg.emitter(report))
	if err != nil {
		return nil, err
	}
	handler, err := base.NewHandler(base.HandlerConfig{
		Name:      "netcore",
		Level:     cfg.Level,
		Encoder:   cfg.Encoder,
		Formatter: cfg.Formatter,
		Emitter:   emitter,
		Backoff:   cfg.backoff(),
		Report:    report,
		Clock:     cfg.clock,
	})
	if err != nil {
		return nil, err
	}
	return &Core{handler}, nil
}

func (cfg Config) backoff() base.Backoff {
	return base.Backoff{Start: cfg.RetryStart, Factor: cfg.RetryFactor, Max: cfg.RetryMax, Jitter: cfg.RetryJitter}
}

func (cfg Config) withDefaults() (Config, error) {
	if err := cfg.check(); err != nil {
		return cfg, err
	}
	if cfg.Encoder == nil && cfg.Formatter == nil {
		cfg.Encoder = newLines()
	}
	if f, ok := cfg.Formatter.(gelfFormatter); ok {
		if err := f.check(&cfg); err != nil {
			return cfg, err
		}
		cfg.Framing = NUL
	}
	cfg.Framing = cfg.streamFraming()
	if _, ours := cfg.Formatter.(records); ours && !cfg.Ack && cfg.MaxSize == 0 && !connection.IsUDP(cfg.Network) {
		cfg.MaxSize = DefaultMaxFrame // as with a Key
	}
	_, binary := cfg.Formatter.(binaryFormatter)
	if binary && cfg.Framing != DefaultFraming && !cfg.Framing.binary() {
		return cfg, fmt.Errorf("netcore: Config.Framing %v is for text, and the Formatter's frames are not", cfg.Framing)
	}
	return cfg, nil
}

// check returns an error for what is missing, and for fields that exclude each other. NewEmitter checks the rest.
func (cfg *Config) check() error {
	_, binary := cfg.Formatter.(binaryFormatter)
	_, forwards := cfg.Formatter.(forwardFormatter)
	switch {
	case cfg.Address == "":
		return errors.New("netcore: Config.Address is required")
	case cfg.Encoder != nil && cfg.Formatter != nil:
		return errors.New("netcore: Config.Encoder and Formatter exclude each other")
	case binary && cfg.Truncate:
		return errors.New("netcore: Config.Truncate is for text, and the Formatter's frames are not")
	case binary && cfg.EscapeControls:
		return errors.New("netcore: Config.EscapeControls is for text, and the Formatter's frames are not")
	case forwards && cfg.Framing != DefaultFraming:
		return errors.New("netcore: Config.Framing does not go with Forward, which has its own")
	case cfg.misframed():
		return fmt.Errorf("netcore: Config.Framing %v is for streams: datagrams are %v", cfg.Framing, cfg.datagramFraming())
	}
	if err := cfg.backoff().Check(); err != nil {
		return fmt.Errorf("netcore: Config.%w", err)
	}
	return nil
}

// streamFraming returns Framing or its default; DefaultFraming if there can be no stream, or if Forward frames it.
func (cfg *Config) streamFraming() Framing {
	_, forwards := cfg.Formatter.(forwardFormatter)
	switch {
	case forwards, connection.IsDatagram(cfg.Network) && cfg.Dial == nil:
		return DefaultFraming
	case cfg.Framing != DefaultFraming:
		return cfg.Framing
	case cfg.Encoder != nil && !cfg.Ack && cfg.Key == nil:
		return Newline
	default:
		return LengthPrefix
	}
}

// emitter returns the settings for the Emitter.
func (cfg Config) emitter(report *base.Reporter) EmitterConfig {
	datagrams := DefaultFraming
	if cfg.Dial != nil || connection.IsDatagram(cfg.Network) {
		datagrams = cfg.datagramFraming()
	}
	var fluent *ForwardConfig
	port, chunks, compression := defaultPort(cfg.Network), 0, ""
	switch f := cfg.Formatter.(type) {
	case forwardFormatter:
		fluent, port = &f.cfg, DefaultForwardPort
	case gelfFormatter:
		chunks, port = cmp.Or(f.cfg.ChunkSize, defaultChunkSize), DefaultGELFPort
		if f.cfg.Compression != "" {
			compression = "Compression"
		}
	}
	return EmitterConfig{
		Forward:         fluent,
		ChunkSize:       chunks,
		Network:         cfg.Network,
		Address:         cfg.Address,
		DefaultPort:     port,
		TLS:             cfg.TLS,
		Dial:            cfg.Dial,
		Framing:         cfg.Framing,
		DatagramFraming: datagrams,
		TrimNewline:     cfg.Encoder != nil,
		MaxSize:         cfg.MaxSize,
		Truncate:        cfg.Truncate,
		EscapeControls:  cfg.EscapeControls,
		Key:             cfg.Key,
		Ack:             cfg.Ack,
		Window:          cfg.Window,
		Timeout:         cfg.Timeout,
		RetryStart:      cfg.RetryStart,
		Report:          report,
		datagrams:       compression,
	}
}

// datagramFraming returns the framing inside datagrams.
func (cfg *Config) datagramFraming() Framing {
	if _, ok := cfg.Formatter.(pickleFormatter); ok {
		return LengthPrefix
	}
	return Unframed
}

// misframed reports whether Framing was set although it would have no effect.
func (cfg *Config) misframed() bool {
	return connection.IsDatagram(cfg.Network) && cfg.Dial == nil && cfg.Framing != DefaultFraming && cfg.Framing != cfg.datagramFraming()
}

// defaultPort returns the port that Python suggests for a network.
func defaultPort(network string) int {
	if connection.IsUDP(network) {
		return DefaultUDPPort
	}
	return DefaultTCPPort
}

// binaryFormatter marks the formatters of this package whose frames are not text: a framing that escapes must not carry them, and
// they must not be cut.
type binaryFormatter interface {
	base.Formatter
	binary()
}

// Records returns a Formatter that sends records in this module's own binary form: level, time to the nanosecond, caller, and every
// field with its type. It is the most compact form, and the cheapest at both ends. Only a Server with FormatRecords reads it.
func Records() Formatter { return records{} }

type records struct{}

func (records) Append(dst []byte, r *base.Record) ([]byte, error) {
	return append(dst, r.Bytes()...), nil
}
func (records) binary() {}

// newLines returns the default encoder: one JSON object per record, with RFC 3339 times.
func newLines() zapcore.Encoder {
	cfg := zap.NewProductionEncoderConfig()
	cfg.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	return base.NewJSON(cfg)
}
