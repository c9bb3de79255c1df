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

// What users of this package have to name.
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

// The ports that Python's logging.handlers suggests, Fluentd's, and Graylog's.
const (
	DefaultTCPPort     = 9020
	DefaultUDPPort     = 9021
	DefaultForwardPort = 24224
	DefaultGELFPort    = 12201
)

// Config makes a Core. Only Address is required.
type Config struct {
	// Level decides which records are sent. Defaults to everything.
	Level zapcore.LevelEnabler
	// Encoder makes the frames, one a record. Defaults to JSON with RFC 3339 times. Its line ending is not sent: the framing
	// says where a record ends.
	Encoder zapcore.Encoder
	// Formatter makes the frames instead of an Encoder: Records(), Pickle(), Forward(…), GELF(…) or your own (Python: makePickle).
	Formatter Formatter

	// Network is "tcp", "udp", "unix" or "unixgram"; "tcp4", "tcp6", "udp4" and "udp6" allow only that family. Defaults to "tcp", and
	// if Address is a path to "unix".
	Network string
	// Address is "host:port" (Python: host, port), or the path of a unix socket (Python: port = None). A host alone has Python's port
	// for the network, DefaultTCPPort or DefaultUDPPort, or that of Forward or GELF; an IPv6 address is in brackets. A relative path is that
	// of the working directory at construction. A Dial gets it as it is. Required.
	Address string
	// TLS encrypts a stream, if not nil. It verifies the server, by the host in Address unless ServerName says otherwise;
	// Certificates are the client's own. It is copied.
	TLS *tls.Config
	// Dial opens the connection (Python: makeSocket). It must obey ctx, and must not log to this core. Whether what it returns
	// is a stream is seen from its local address: with TLS, Ack or Forward it has to be one, and none with GELF's Compression. Defaults
	// to a net.Dialer. Of a name each address is tried, beside one that does not answer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Framing marks the end of a record on a stream. Defaults to LengthPrefix for a Formatter, and with Ack or a Key; else to Newline;
	// datagrams are Unframed, but for Pickle(), which has a LengthPrefix there too, as Python's DatagramHandler. Forward and GELF have
	// their own.
	Framing Framing
	// MaxSize is the largest frame, in bytes, without the length, the separator and the signature around it, and with what is spelled
	// out in it. A larger record is refused, or cut. Defaults to what a datagram holds for UDP: 65,507, less the length and the signature;
	// to DefaultMaxFrame where only a Server can be the peer, with Records() or a Key; else to no limit but the system's. With Ack the
	// Server says what it takes, and no more than that is sent.
	MaxSize int
	// Truncate cuts a record that is larger than MaxSize, at the end of a rune. It is for text.
	Truncate bool
	// EscapeControls spells control characters out, whatever the transport: a newline becomes \n, ESC becomes \x1b. It is for text that
	// may hold some (no JSON does but for DEL and those of C1) and a receiver that refuses them, as strict readers of RFC 3164 do, or
	// takes a line feed for the end of a message even in a datagram, so that what is logged could forge one (VictoriaLogs 1.52
	// does). Framing sees to its own separator without it.
	EscapeControls bool
	// Key signs each frame with HMAC-SHA-256, so that a Server with the same Key takes records only from those who know it. At
	// least 16 bytes. It is copied. Streams need LengthPrefix; where there are datagrams the clocks of both ends have to agree to a
	// minute. Defaults to no signature. With Forward it is the key that both sides show to know, and signs nothing; it may be shorter.
	Key []byte
	// Ack makes a Server with Ack confirm what it has written; unconfirmed records are sent again over the next connection. It
	// needs a stream with LengthPrefix, or Forward. Write does not wait for it, Sync and Close do.
	Ack bool
	// Window is how much may be unconfirmed with Ack, in bytes, before Write has to wait. Defaults to 1 MiB.
	Window int

	// Timeout bounds every call: dialling, handshake and writing together. A write over a connection in use may take half as
	// long again, but at most a second more, because its deadline is renewed only now and then. Defaults to 1 s, Python's.
	Timeout time.Duration
	// RetryStart is how long the destination is left alone after it could not be reached, or was too slow (Python: retryStart).
	// Defaults to 1 s, or RetryMax if that is less.
	RetryStart time.Duration
	// RetryFactor multiplies that with each further failure (Python: retryFactor). Defaults to 2.
	RetryFactor float64
	// RetryMax is its limit, but for RetryStart itself, as in Python (retryMax). Defaults to 30 s.
	RetryMax time.Duration
	// RetryJitter draws each of these times evenly between zero and its value, so that a fleet does not come back all at once.
	RetryJitter bool
	// OnError is told what no caller waits for: a connection that was reset, a datagram that was refused. It is called once per
	// error and once on recovery. Defaults to a line on stderr.
	OnError func(error)

	clock zapcore.Clock // for the tests of the backoff
}

// Core sends records over a socket: Python's SocketHandler and DatagramHandler. It is a zapcore.Core, safe for concurrent use.
//
// Beside the methods of zapcore.Core it has Close, which must be called, Stats, Level, and WriteBatch, by which a queue hands it
// many records for one write. It connects at the first record; nothing is sent in New.
type Core struct{ *base.Handler }

// New returns a Core. An error names the field of cfg that is wrong; the destination need not be there yet.
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
	_, binary := cfg.Formatter.(binaryFormatter)
	_, forwards := cfg.Formatter.(forwardFormatter)
	switch {
	case cfg.Address == "":
		return cfg, errors.New("netcore: Config.Address is required")
	case cfg.Encoder != nil && cfg.Formatter != nil:
		return cfg, errors.New("netcore: Config.Encoder and Formatter exclude each other")
	case binary && cfg.Truncate:
		return cfg, errors.New("netcore: Config.Truncate is for text, and the Formatter's frames are not")
	case binary && cfg.EscapeControls:
		return cfg, errors.New("netcore: Config.EscapeControls is for text, and the Formatter's frames are not")
	case forwards && cfg.Framing != DefaultFraming:
		return cfg, errors.New("netcore: Config.Framing does not go with Forward, which has its own")
	case cfg.misframed():
		return cfg, fmt.Errorf("netcore: Config.Framing %v is for streams: datagrams are %v", cfg.Framing, cfg.datagramFraming())
	}
	if err := cfg.backoff().Check(); err != nil {
		return cfg, fmt.Errorf("netcore: Config.%w", err)
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
	switch {
	case forwards:
	case connection.IsDatagram(cfg.Network) && cfg.Dial == nil:
		cfg.Framing = DefaultFraming // it has been checked, and says what is so anyway
	case cfg.Framing == DefaultFraming:
		cfg.Framing = LengthPrefix
		if cfg.Encoder != nil && !cfg.Ack && cfg.Key == nil {
			cfg.Framing = Newline
		}
	}
	if _, ours := cfg.Formatter.(records); ours && !cfg.Ack && cfg.MaxSize == 0 && !connection.IsUDP(cfg.Network) {
		cfg.MaxSize = DefaultMaxFrame // as with a Key
	}
	if binary && cfg.Framing != DefaultFraming && !cfg.Framing.binary() {
		return cfg, fmt.Errorf("netcore: Config.Framing %v is for text, and the Formatter's frames are not", cfg.Framing)
	}
	return cfg, nil
}

// emitter returns the part of cfg that is the Emitter's.
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

// datagramFraming is how records lie in datagrams.
func (cfg *Config) datagramFraming() Framing {
	if _, ok := cfg.Formatter.(pickleFormatter); ok {
		return LengthPrefix
	}
	return Unframed
}

// misframed tells whether Framing was asked for where it would have no effect.
func (cfg *Config) misframed() bool {
	return connection.IsDatagram(cfg.Network) && cfg.Dial == nil && cfg.Framing != DefaultFraming && cfg.Framing != cfg.datagramFraming()
}

// defaultPort is the one that Python suggests for a network.
func defaultPort(network string) int {
	if connection.IsUDP(network) {
		return DefaultUDPPort
	}
	return DefaultTCPPort
}

// binaryFormatter marks the formatters of this package whose frames are not text: no framing that escapes may carry them, and
// no limit may cut them.
type binaryFormatter interface {
	base.Formatter
	binary()
}

// Records returns a Formatter that sends records as they are kept inside this module: the level, the time to the nanosecond,
// the caller and every field with its type. It is the densest form, and the cheapest at both ends; only a Server with
// FormatRecords reads it.
func Records() Formatter { return records{} }

type records struct{}

func (records) Append(dst []byte, r *base.Record) ([]byte, error) {
	return append(dst, r.Bytes()...), nil
}
func (records) binary() {}

// newLines returns the encoder of a Config that names none: a JSON object a record, with times as RFC 3339 says.
func newLines() zapcore.Encoder {
	cfg := zap.NewProductionEncoderConfig()
	cfg.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	return base.NewJSON(cfg)
}
