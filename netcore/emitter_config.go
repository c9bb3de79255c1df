package netcore

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"example.com/zaphandlers/internal/tlshooks"
	"example.com/zaphandlers/netcore/internal/connection"
	"example.com/zaphandlers/netcore/internal/gelf"
	base "example.com/zaphandlers/zapcore"
)

// EmitterConfig configures an Emitter. It is for authors of a handler that sends over a socket. A field without a comment here means
// what the field of that name means in Config.
type EmitterConfig struct {
	// Name is the prefix of errors. Defaults to "netcore".
	Name string

	Network string // Defaults to "unix" for a path, else to "tcp".
	Address string // Required.
	// DefaultPort is the port for an Address that is a host alone. Without it such an Address is refused.
	DefaultPort int
	TLS         *tls.Config
	Dial        func(ctx context.Context, network, address string) (net.Conn, error)

	Framing         Framing // For streams. Defaults to Newline.
	DatagramFraming Framing // For datagrams. Defaults to Unframed.
	// TrimNewline removes one newline from the end of each frame, for encoders that append one.
	TrimNewline bool
	// ChunkSize is the largest datagram, in bytes. A larger payload is sent in GELF chunks, 128 at most. Defaults to 0: each payload
	// is one datagram.
	ChunkSize      int
	MaxSize        int
	Truncate       bool
	EscapeControls bool
	Key            []byte
	Ack            bool
	Window         int
	// RELP sends frames, which must be syslog messages, by RELP over a stream, as rsyslog receives it. The receiver acknowledges
	// each. What Config says of Ack holds here too, except that a receiver does not remember what it has, so unacknowledged messages
	// may arrive twice. RELP excludes Framing, Ack, Key and Forward.
	//
	// A message at which the receiver hangs up again and again, or which it never answers, would block all behind it. If the receiver
	// answers others, that message is dropped, counted and reported.
	RELP bool
	// Forward sends frames, which must be MessagePack entries made by the Formatter that Forward returns, in messages of Fluent
	// Forward over a stream. With Ack the receiver acknowledges them. Key is the shared key. Forward excludes Framing and RELP.
	Forward *ForwardConfig
	// WindowFrames limits the unacknowledged frames with RELP, where Window defaults to 64 MiB. Defaults to 1,000.
	WindowFrames int

	Timeout time.Duration
	// RetryStart is how long a connection must last to be trusted after a failure. Where nothing is confirmed, it is also how long
	// writes must succeed. A peer that hangs up sooner is left to the Handler's backoff. Defaults to 1 s.
	RetryStart time.Duration
	// Report gets the failures that no caller waits for. Required.
	Report *base.Reporter

	datagrams string // the option that needs datagrams; "" if there is none
}

const (
	// maxUDP is the largest payload of a UDP datagram over IPv4, in bytes.
	maxUDP = 65507
	// minKey is the length of the shortest Key, in bytes.
	minKey = 16

	defaultTimeout = time.Second
	defaultWindow  = 1 << 20
	defaultFrames  = 1000
	relpWindow     = 64 << 20 // bytes: RELP is limited by WindowFrames
)

func (cfg EmitterConfig) withDefaults() (EmitterConfig, error) {
	if cfg.Name == "" {
		cfg.Name = "netcore"
	}
	if cfg.Network == "" {
		cfg.Network = connection.DefaultNetwork(cfg.Address)
	}
	if err := cfg.checkFraming(); err != nil {
		return cfg, fmt.Errorf("%s: Config.%w", cfg.Name, err)
	}
	cfg.framingDefaults()
	cfg.sizeDefaults()
	if err := cfg.check(); err != nil {
		return cfg, fmt.Errorf("%s: Config.%w", cfg.Name, err)
	}
	if cfg.Forward != nil {
		if err := cfg.Forward.check(cfg.Key != nil); err != nil {
			return cfg, fmt.Errorf("%s: ForwardConfig.%w", cfg.Name, err)
		}
	}
	if cfg.Dial == nil {
		var err error
		if cfg.Address, err = connection.CheckAddress(cfg.Network, cfg.Address, cfg.DefaultPort, false); err != nil {
			return cfg, fmt.Errorf("%s: Config.%w", cfg.Name, err)
		}
	}
	if err := cfg.tlsDefaults(); err != nil {
		return cfg, err
	}
	cfg.Timeout = min(orDefault(cfg.Timeout, defaultTimeout), base.LongestTimeout)
	cfg.RetryStart = orDefault(cfg.RetryStart, base.DefaultRetryStart)
	if cfg.Forward != nil {
		forward := cfg.Forward.withDefaults()
		cfg.Forward = &forward
	}
	if cfg.RELP {
		cfg.Window = orDefault(cfg.Window, relpWindow)
		cfg.WindowFrames = orDefault(cfg.WindowFrames, defaultFrames)
	}
	cfg.Window = orDefault(cfg.Window, defaultWindow)
	cfg.Key = bytes.Clone(cfg.Key)
	return cfg, nil
}

// tlsDefaults copies TLS, guards the functions in it, and sets ServerName from Address.
func (cfg *EmitterConfig) tlsDefaults() error {
	if cfg.TLS == nil {
		return nil
	}
	cfg.TLS = tlshooks.Guarded(cfg.TLS, orDefault(cfg.Timeout, defaultTimeout))
	if cfg.TLS.ServerName == "" {
		cfg.TLS.ServerName = connection.ServerName(cfg.Network, cfg.Address)
	}
	if cfg.TLS.ServerName == "" && !cfg.TLS.InsecureSkipVerify {
		return fmt.Errorf("%s: Config.TLS.ServerName is required, for Address %q names no host that a certificate could be for", cfg.Name, cfg.Address)
	}
	return nil
}

func (cfg *EmitterConfig) framingDefaults() {
	switch {
	case cfg.Framing != DefaultFraming:
	case cfg.Forward != nil:
		cfg.Framing = LengthPrefix
	default:
		cfg.Framing = Newline
	}
	if cfg.DatagramFraming == DefaultFraming {
		cfg.DatagramFraming = Unframed
	}
}

// sizeDefaults sets MaxSize where the peer or the network sets a limit.
func (cfg *EmitterConfig) sizeDefaults() {
	switch chunked := cfg.chunked(); {
	case chunked > 0 && connection.IsDatagram(cfg.Network):
		if cfg.MaxSize == 0 || cfg.MaxSize > chunked {
			cfg.MaxSize = chunked
		}
	case connection.IsUDP(cfg.Network):
		if cfg.MaxSize == 0 || cfg.Truncate && cfg.MaxSize > cfg.datagram() {
			cfg.MaxSize = cfg.datagram()
		}
	case cfg.Key != nil && cfg.Forward == nil && !cfg.Ack && cfg.MaxSize == 0:
		cfg.MaxSize = DefaultMaxFrame // only a Server can be the peer
	}
}

// checkFraming returns an error for a framing that would have no effect.
func (cfg EmitterConfig) checkFraming() error {
	datagrams := connection.IsDatagram(cfg.Network)
	switch {
	case cfg.RELP && cfg.Framing != DefaultFraming:
		return wrong("Framing", "%v does not go with RELP, which has its own", cfg.Framing)
	case cfg.Forward != nil && cfg.Framing != DefaultFraming:
		return wrong("Framing", "%v does not go with Forward, which has its own", cfg.Framing)
	case cfg.Dial != nil: // the Dial decides whether it makes a stream or datagrams
	case datagrams && cfg.Framing != DefaultFraming && cfg.Framing != Unframed:
		return wrong("Framing", "%v is for streams, not for %q", cfg.Framing, cfg.Network)
	case cfg.DatagramFraming != DefaultFraming && !datagrams:
		return wrong("DatagramFraming", "%v is for datagrams, not for %q", cfg.DatagramFraming, cfg.Network)
	}
	return nil
}

// check returns an error for a wrong field, starting with the field's name. It does not check the form of Address.
func (cfg EmitterConfig) check() error {
	datagrams := connection.IsDatagram(cfg.Network)
	switch {
	case cfg.Address == "":
		return wrong("Address", "is required")
	case !connection.KnownNetwork(cfg.Network) && cfg.Dial == nil:
		return wrong("Network", "%q is unknown: there are %s", cfg.Network, connection.Networks)
	case cfg.Report == nil:
		return wrong("Report", "is required")
	case cfg.Framing >= framings || cfg.DatagramFraming >= framings:
		return wrong("Framing", "%v is unknown", max(cfg.Framing, cfg.DatagramFraming))
	case cfg.Framing == Unframed && !datagrams:
		return wrong("Framing", "Unframed is for datagrams, not for %q", cfg.Network)
	case cfg.TLS != nil && datagrams:
		return wrong("TLS", "needs a stream, not %q", cfg.Network)
	case cfg.Timeout < 0:
		return wrong("Timeout", "%v is negative", cfg.Timeout)
	case cfg.MaxSize < 0:
		return wrong("MaxSize", "%d is negative", cfg.MaxSize)
	case cfg.ChunkSize < 0 || cfg.ChunkSize > maxUDP || cfg.ChunkSize > 0 && cfg.ChunkSize <= gelf.ChunkHead:
		return wrong("ChunkSize", "%d is not between %d and %d", cfg.ChunkSize, gelf.ChunkHead+1, maxUDP)
	case cfg.ChunkSize > 0 && cfg.Key != nil:
		return wrong("ChunkSize", "excludes a Key")
	}
	if err := (base.Backoff{Start: cfg.RetryStart}).Check(); err != nil {
		return err
	}
	if err := (base.Interval{Field: "Timeout", Value: cfg.Timeout, Shortest: base.ShortestTimeout, Example: "time.Second"}).Check(); err != nil {
		return err
	}
	return cfg.checkSession(datagrams)
}

// checkSession is the part of check for acknowledgements and signatures.
func (cfg EmitterConfig) checkSession(datagrams bool) error {
	signed := cfg.Ack || cfg.Key != nil
	switch {
	case cfg.Ack && datagrams:
		return wrong("Ack", "needs a stream, not %q", cfg.Network)
	case cfg.RELP && datagrams:
		return wrong("RELP", "needs a stream, not %q", cfg.Network)
	case cfg.RELP && (signed || cfg.Forward != nil):
		return wrong("RELP", "excludes Ack, Key and Forward")
	case cfg.Forward != nil && datagrams:
		return wrong("Forward", "needs a stream, not %q", cfg.Network)
	case cfg.Forward != nil && cfg.Key != nil && len(cfg.Key) == 0:
		return wrong("Key", "is empty")
	case signed && !datagrams && cfg.Forward == nil && cfg.Framing != LengthPrefix:
		return wrong("Framing", "has to be LengthPrefix with Ack or Key, not %v", cfg.Framing)
	case cfg.Key != nil && cfg.Forward == nil && len(cfg.Key) < minKey:
		return wrong("Key", "has %d bytes, at least %d are needed", len(cfg.Key), minKey)
	case cfg.Window < 0:
		return wrong("Window", "%d is negative", cfg.Window)
	case cfg.Window > 0 && !cfg.Ack && !cfg.RELP:
		return wrong("Window", "is for Ack, without which nothing is confirmed")
	case cfg.Truncate && cfg.MaxSize == 0 && !cfg.Ack && !connection.IsUDP(cfg.Network):
		return wrong("Truncate", "needs a MaxSize: without it no record is too large")
	case cfg.WindowFrames < 0 || cfg.WindowFrames > 0 && !cfg.RELP:
		return wrong("WindowFrames", "%d is for RELP, and no negative number", cfg.WindowFrames)
	}
	return nil
}

func orDefault[T int | time.Duration](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}

// wrong returns an error about one field of a configuration.
func wrong(field, what string, args ...any) error {
	return fmt.Errorf("%s "+what, append([]any{field}, args...)...)
}

// chunked returns the largest payload that fits into a datagram's chunks, in bytes; 0 without chunks.
func (cfg *EmitterConfig) chunked() int {
	if cfg.ChunkSize == 0 {
		return 0
	}
	return gelf.MaxChunks * (cfg.ChunkSize - gelf.ChunkHead)
}

// searchesPoison reports whether poison records must be searched for: the peer acknowledges, but by no number that outlives the connection.
func (cfg *EmitterConfig) searchesPoison() bool { return cfg.RELP || cfg.Forward != nil && cfg.Ack }

// stream returns the option, other than TLS, that needs a stream; "" if there is none.
func (cfg *EmitterConfig) stream() string {
	switch {
	case cfg.RELP:
		return "RELP"
	case cfg.Forward != nil:
		return "Forward"
	case cfg.Ack:
		return "Ack"
	}
	return ""
}

// failed adds to err what was done and the destination, so that the same failure reads the same each time.
func (cfg *EmitterConfig) failed(what string, err error) error {
	if err == nil || errors.Is(err, ErrClosed) {
		return err
	}
	return fmt.Errorf("%s: %s %s %s: %w", cfg.Name, what, cfg.Network, cfg.Address, connection.Steady(err))
}
