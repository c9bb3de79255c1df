package netcore

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/tlshooks"
	"example.com/zaphandlers/netcore/internal/connection"
	"example.com/zaphandlers/netcore/internal/session"
	base "example.com/zaphandlers/zapcore"
)

// Format says what the frames that a Server receives contain. The Server does not guess: it reads one format.
type Format uint8

const (
	// FormatPickle is what Python's SocketHandler and DatagramHandler send, and Pickle() here. Nothing in a pickle is executed.
	FormatPickle Format = iota + 1
	// FormatRecords is what Records() sends.
	FormatRecords
	// FormatLines is text. Each frame, without its line ending, becomes the message of a record at Info, with the time of its
	// arrival.
	FormatLines

	formats
)

// ServerConfig configures a Server. Address, Format and Target are required.
type ServerConfig struct {
	// Network is "tcp", "udp", "unix" or "unixgram", or one of "tcp4", "tcp6", "udp4", "udp6". Defaults to "unix" if Address is a
	// path, else to "tcp".
	Network string
	// Address is where to listen: "host:port", with port 0 for any, or the path of a unix socket, relative to the working directory
	// of the moment NewServer is called. A host without a port gets DefaultTCPPort or DefaultUDPPort. Required.
	Address string
	// SocketMode is the file mode of a unix socket, which decides who may connect. Defaults to 0600: its owner. A name in Linux's
	// abstract namespace ("@logs") has no mode: every process in the network namespace may connect.
	SocketMode fs.FileMode
	// TLS encrypts streams, if not nil. ClientAuth and ClientCAs make it demand certificates. It is copied.
	TLS *tls.Config
	// Key makes the Server accept only frames that are signed with it: see Config.Key. It is copied.
	Key []byte
	// Ack makes the Server confirm what Target has taken: see Config.Ack. The clients must set it too.
	Ack bool

	// Format is what the frames contain. Required.
	Format Format
	// Framing separates the frames of a stream. Defaults to Newline for FormatLines without Ack and Key, else to LengthPrefix.
	// Datagrams default to Unframed, but with FormatPickle to LengthPrefix, as in Python.
	Framing Framing
	// Target gets the records that its level admits. If it is a base.BatchWriter, as every core of this module is, it gets records
	// that arrive together as one batch. The Server does not close it. Required.
	Target zapcore.Core

	// MaxFrame is the largest frame that is read, in bytes; larger ones are skipped. Defaults to 1 MiB. The maximum is 1 GiB.
	MaxFrame int
	// MaxConns limits the open connections. When one more arrives, the connection whose last frame is the longest ago is ended and
	// counted as Evicted. A connection that began a frame, or was opened and has not completed one yet, less than 10 s ago is spared.
	// If all are, the new connection is closed at once. Defaults to 1,024.
	MaxConns int
	// MaxMemory limits what all connections together may hold of incomplete frames, in bytes. Each connection takes 4 KiB of it; a
	// busy one 256 KiB as long as half is free. Defaults to 256 MiB.
	MaxMemory int
	// IdleTimeout closes a connection on which no frame was completed for this long. A client that only writes, like Python's
	// SocketHandler, loses its next records by that. So it defaults to none: keep-alive probes find dead connections. With Ack, where
	// nothing is lost, it defaults to 5 minutes. Negative is none too. Independently, a frame that has begun must be complete within
	// 5 minutes.
	IdleTimeout time.Duration
	// OnError hears of frames that cannot be read, connections that are refused, and records that Target does not take. The same
	// error is reported at most once a minute; errors that clients cause at most ten times a second, and eight kinds a minute. It
	// runs on the Server's goroutines. Defaults to a line on stderr.
	OnError func(error)
}

// DefaultMaxFrame is the default of ServerConfig.MaxFrame, in bytes.
const DefaultMaxFrame = 1 << 20

const (
	mostFrame          = 1 << 30  // the maximum of MaxFrame: a length has 32 bits, and must have room for a signature
	mostDatagram       = 64 << 20 // the largest buffer for a datagram; systems take less
	defaultMaxConns    = 1024
	defaultMaxMemory   = 256 << 20
	defaultIdleTimeout = 5 * time.Minute // with Ack
	frameTimeout       = 5 * time.Minute // for a frame that has begun
	defaultSocketMode  = 0o600
)

func (cfg ServerConfig) withDefaults() (ServerConfig, error) {
	if cfg.Network == "" {
		cfg.Network = connection.DefaultNetwork(cfg.Address)
	}
	cfg.Framing = cfg.framing()
	if err := cfg.check(); err != nil {
		return cfg, fmt.Errorf("netcore: ServerConfig.%w", err)
	}
	var err error
	if cfg.Address, err = connection.CheckAddress(cfg.Network, cfg.Address, defaultPort(cfg.Network), true); err != nil {
		return cfg, fmt.Errorf("netcore: ServerConfig.%w", err)
	}
	if cfg.TLS != nil {
		cfg.TLS = tlshooks.Guarded(cfg.TLS, handshakeTimeout)
	}
	if cfg.SocketMode == 0 {
		cfg.SocketMode = defaultSocketMode
	}
	cfg.MaxFrame = min(orDefault(cfg.MaxFrame, DefaultMaxFrame), mostFrame)
	cfg.MaxConns = orDefault(cfg.MaxConns, defaultMaxConns)
	cfg.MaxMemory = orDefault(cfg.MaxMemory, defaultMaxMemory)
	if cfg.Ack {
		cfg.IdleTimeout = orDefault(cfg.IdleTimeout, defaultIdleTimeout)
	}
	cfg.IdleTimeout = max(0, cfg.IdleTimeout)
	cfg.Key = bytes.Clone(cfg.Key)
	return cfg, nil
}

// framing returns Framing, or its default.
func (cfg *ServerConfig) framing() Framing {
	switch {
	case cfg.Framing != DefaultFraming:
		return cfg.Framing
	case connection.IsDatagram(cfg.Network) && cfg.Format != FormatPickle:
		return Unframed
	case cfg.Format == FormatLines && !cfg.Ack && cfg.Key == nil:
		return Newline
	default:
		return LengthPrefix
	}
}

// check returns an error for a wrong field, starting with the field's name.
func (cfg ServerConfig) check() error {
	datagrams := connection.IsDatagram(cfg.Network)
	signed := cfg.Ack || cfg.Key != nil
	switch {
	case cfg.Address == "":
		return wrong("Address", "is required")
	case !connection.KnownNetwork(cfg.Network):
		return wrong("Network", "%q is unknown: there are %s", cfg.Network, connection.Networks)
	case cfg.Format == 0 || cfg.Format >= formats:
		return wrong("Format", "is required")
	case cfg.Target == nil:
		return wrong("Target", "is required")
	case cfg.Framing >= framings:
		return wrong("Framing", "%v is unknown", cfg.Framing)
	case cfg.Framing == Unframed && !datagrams:
		return wrong("Framing", "Unframed is for datagrams, not for %q", cfg.Network)
	case datagrams && cfg.Framing != Unframed && cfg.Framing != LengthPrefix:
		return wrong("Framing", "%v is for streams, not for %q", cfg.Framing, cfg.Network)
	case cfg.Format != FormatLines && !cfg.Framing.binary():
		return wrong("Framing", "%v is for text", cfg.Framing)
	case cfg.TLS != nil && datagrams:
		return wrong("TLS", "needs a stream, not %q", cfg.Network)
	case cfg.TLS != nil && len(cfg.TLS.Certificates) == 0 && cfg.TLS.GetCertificate == nil && cfg.TLS.GetConfigForClient == nil:
		return wrong("TLS.Certificates", "is required: a server without one has no connection")
	case cfg.Ack && datagrams:
		return wrong("Ack", "needs a stream, not %q", cfg.Network)
	case signed && !datagrams && cfg.Framing != LengthPrefix:
		return wrong("Framing", "has to be LengthPrefix with Ack or Key, not %v", cfg.Framing)
	case cfg.Key != nil && len(cfg.Key) < minKey:
		return wrong("Key", "has %d bytes, at least %d are needed", len(cfg.Key), minKey)
	}
	if err := cfg.checkLimits(); err != nil {
		return err
	}
	idle := base.Interval{Field: "IdleTimeout", Value: cfg.IdleTimeout, Shortest: base.ShortestTimeout, Example: "5 * time.Minute"}
	if err := idle.Check(); err != nil {
		return err
	}
	return cfg.checkUnused(datagrams)
}

func (cfg ServerConfig) checkLimits() error {
	switch {
	case cfg.MaxFrame < 0:
		return wrong("MaxFrame", "%d is negative", cfg.MaxFrame)
	case cfg.MaxConns < 0:
		return wrong("MaxConns", "%d is negative", cfg.MaxConns)
	case cfg.MaxMemory < 0:
		return wrong("MaxMemory", "%d is negative", cfg.MaxMemory)
	}
	return nil
}

// checkUnused returns an error for a field that would have no effect.
func (cfg ServerConfig) checkUnused(datagrams bool) error {
	switch {
	case cfg.SocketMode != 0 && !strings.HasPrefix(cfg.Network, "unix"):
		return wrong("SocketMode", "is for unix sockets, not for %q", cfg.Network)
	case cfg.SocketMode != 0 && connection.IsAbstract(cfg.Address):
		return wrong("SocketMode", "is for files, and %q is none", cfg.Address)
	case datagrams && cfg.MaxConns != 0:
		return wrong("MaxConns", "is for streams, not for %q", cfg.Network)
	case datagrams && cfg.MaxMemory != 0:
		return wrong("MaxMemory", "is for streams, not for %q", cfg.Network)
	case datagrams && cfg.IdleTimeout != 0:
		return wrong("IdleTimeout", "is for streams, not for %q", cfg.Network)
	}
	return nil
}

// largestFrame returns the largest frame that a connection can read. MaxMemory may limit it too, because a buffer doubles when it
// grows.
func (cfg *ServerConfig) largestFrame() int {
	return max(1, min(cfg.MaxFrame, cfg.MaxMemory/2-prefixSize-session.MACSize))
}
