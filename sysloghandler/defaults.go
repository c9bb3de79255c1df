package sysloghandler

import (
	"cmp"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"example.com/zaphandlers/netcore"
	base "example.com/zaphandlers/zapcore"
)

const (
	defaultFieldsID     = "fields@32473"
	defaultDatagramSize = 2048
	defaultMaxSize      = 8096 // rsyslog's maxMessageSize, which it calls 8k
	// maxDatagram is the largest payload of a UDP datagram over IPv4, in bytes.
	maxDatagram = 65507
)

// local is the Network that finds the daemon's socket.
const local = "local"

// relp is the Network whose receiver acknowledges messages.
const relp = "relp"

// networks are the valid values of Config.Network.
var networks = []string{"", "udp", "udp4", "udp6", "tcp", "tcp4", "tcp6", relp, "unixgram", "unix", local, journal}

// withDefaults returns cfg with all defaults, and its facility.
func (cfg Config) withDefaults() (Config, Facility, error) {
	facility, err := facilityOf(cfg.Facility)
	if err != nil {
		return cfg, 0, err
	}
	if err := cfg.check(); err != nil {
		return cfg, 0, err
	}
	cfg.destination()
	cfg.header()
	if cfg.MapPriority == nil {
		cfg.MapPriority = severity
		if cfg.Format == Python {
			cfg.MapPriority = mapPriority
		}
	}
	if cfg.Encoder != nil {
		cfg.Encoder = cfg.Encoder.Clone()
	}
	return cfg, facility, nil
}

func (cfg *Config) check() error {
	switch {
	case cfg.Format >= formats:
		return wrong("Format", "%v is unknown", cfg.Format)
	case cfg.Dial == nil && !slices.Contains(networks, cfg.Network):
		return wrong("Network", "%q is unknown: there are udp, tcp, relp, unixgram, unix, local and journal, and TLS is a field", cfg.Network)
	case cfg.Network == local && cfg.Address != "":
		return wrong("Address", "%q is not for Network \"local\", which finds it", cfg.Address)
	case cfg.dialsSocket() && noSocket(cfg.Address) != "":
		return wrong("Address", "%q%s", cfg.Address, noSocket(cfg.Address))
	case cfg.Network == journal && (cfg.Format != DefaultFormat || cfg.Framing != netcore.DefaultFraming || cfg.TLS != nil):
		return wrong("Format,", "Framing and TLS are not for Network \"journal\", which has its own")
	case cfg.Network == relp && cfg.Dial == nil && isSocket(cfg.Address):
		return wrong("Address", "%q is the path of a unix socket, and Network \"relp\" is over TCP", cfg.Address)
	case cfg.Network == local && cfg.TLS != nil:
		return wrong("TLS", "is not for Network \"local\"")
	case cfg.Network == local && cfg.Dial != nil:
		return wrong("Dial", "is not for Network \"local\"")
	case cfg.Framing == netcore.LengthPrefix || cfg.Framing == netcore.Unframed:
		return wrong("Framing", "%v is none of syslog's", cfg.Framing)
	case cfg.Framing != netcore.DefaultFraming && cfg.Network == relp:
		return wrong("Framing", "%v is not for Network \"relp\", which has its own", cfg.Framing)
	case cfg.Framing != netcore.DefaultFraming && !cfg.onStream():
		return wrong("Framing", "%v needs a stream", cfg.Framing)
	case cfg.FieldsID != "" && !isName(cfg.FieldsID):
		return wrong("FieldsID", "%q is no SD-ID: up to %d printable characters but = [ ] and \"", cfg.FieldsID, maxName)
	case slices.Contains([]string{"meta", "timeQuality", "origin"}, cfg.FieldsID):
		return wrong("FieldsID", "%q is an element of RFC 5424's own, which a message may have beside the fields'", cfg.FieldsID)
	case cfg.Controls > RawControls:
		return wrong("Controls", "%d is unknown", cfg.Controls)
	case len(cfg.Separator) > 1 || cfg.Separator != "" && !isName(cfg.Separator):
		return wrong("Separator", `%q is not one printable ASCII character but = [ ] and "`, cfg.Separator)
	case cfg.SequenceID && cfg.format() != RFC5424:
		return wrong("SequenceID", "needs Format RFC5424, not %v", cfg.format())
	case strings.HasPrefix(cfg.network(), "udp") && cfg.MaxSize > maxDatagram:
		return wrong("MaxSize", "%d is more than a datagram holds, %d", cfg.MaxSize, maxDatagram)
	}
	if err := cfg.backoff().Check(); err != nil {
		return fmt.Errorf("sysloghandler: Config.%w", err)
	}
	return checkUnused(cfg)
}

func (cfg *Config) backoff() base.Backoff {
	return base.Backoff{Start: cfg.RetryStart, Factor: cfg.RetryFactor, Max: cfg.RetryMax, Jitter: cfg.RetryJitter}
}

// wrong returns an error about one field of a Config.
func wrong(field, what string, args ...any) error {
	return fmt.Errorf("sysloghandler: Config.%s "+what, append([]any{field}, args...)...)
}

// destination sets the defaults for where messages go, and how they are framed there.
func (cfg *Config) destination() {
	cfg.Format, cfg.Network = cfg.format(), cfg.network()
	switch {
	case cfg.Network == local:
		paths := cfg.sockets
		if paths == nil {
			paths = localSockets
		}
		if cfg.Address == "" {
			cfg.Address = "daemon"
		} else {
			paths = []string{absolute(cfg.Address)}
		}
		cfg.Dial = localDialer(paths)
	case cfg.Network == journal:
		cfg.Address = absolute(cmp.Or(cfg.Address, journalSocket))
		cfg.Dial = journalDialer(cfg.Dial)
		if cfg.MaxSize == 0 {
			cfg.MaxSize = journalMaxSize
		}
	case cfg.Address == "" && !cfg.onUnix():
		cfg.Address = net.JoinHostPort("localhost", strconv.Itoa(cfg.defaultPort()))
	}
	if cfg.Framing == netcore.DefaultFraming {
		cfg.Framing = cfg.framing()
	}
	if cfg.MaxSize == 0 {
		cfg.MaxSize = defaultMaxSize
		if strings.HasPrefix(cfg.Network, "udp") {
			cfg.MaxSize = defaultDatagramSize
		}
	}
}

// defaultPort returns the port for an Address that is a host alone.
func (cfg *Config) defaultPort() int {
	if cfg.Network == relp {
		return DefaultRELPPort
	}
	if cfg.TLS != nil {
		return DefaultTLSPort
	}
	return DefaultPort
}

// header sets the defaults of the values that identify the program.
func (cfg *Config) header() {
	if cfg.Hostname == "" {
		cfg.Hostname, _ = os.Hostname()
	}
	if cfg.AppName == "" && len(os.Args) > 0 {
		cfg.AppName = filepath.Base(os.Args[0])
	}
	if cfg.ProcID == "" {
		cfg.ProcID = strconv.Itoa(os.Getpid())
	}
	cfg.FieldsID = cmp.Or(cfg.FieldsID, defaultFieldsID)
}

// dialsSocket reports whether Address is the path of a socket that this package dials, so that netcore does not check it.
func (cfg *Config) dialsSocket() bool {
	return cfg.Dial == nil && cfg.Address != "" && (cfg.Network == journal || cfg.network() == local)
}

func (cfg *Config) network() string {
	switch {
	case cfg.Network != "":
		return cfg.Network
	case cfg.TLS != nil:
		return "tcp"
	case isSocket(cfg.Address) && cfg.Dial == nil:
		return local
	default:
		return "udp"
	}
}

func (cfg *Config) format() Format {
	switch {
	case cfg.Format != DefaultFormat:
		return cfg.Format
	case cfg.network() == local:
		return RFC3164
	case cfg.Network == journal:
		return journalForm
	default:
		return RFC5424
	}
}

// framing returns the default framing of a stream.
func (cfg *Config) framing() Framing {
	switch {
	case cfg.Format == Python && !cfg.OmitNUL && cfg.onStream():
		return NUL
	case cfg.Format == Python || cfg.onUnix():
		return Newline
	default:
		return OctetCounting
	}
}

// streamFraming returns the framing for netcore, which refuses one that would have no effect.
func (cfg *Config) streamFraming() Framing {
	if cfg.onStream() || cfg.Network == local {
		return cfg.Framing
	}
	return netcore.DefaultFraming
}

// onUnix reports whether messages go to a unix socket.
func (cfg *Config) onUnix() bool {
	return cfg.Network == local || cfg.Network == journal || strings.HasPrefix(cfg.Network, "unix")
}

// onStream reports whether messages are framed. If "local" finds a stream, which is rare, its Newline framing does the escaping.
func (cfg *Config) onStream() bool {
	network := cfg.network()
	return strings.HasPrefix(network, "tcp") || network == "unix"
}

// marked reports whether a byte inside a message could end its frame.
func (cfg *Config) marked() bool {
	return cfg.onStream() && (cfg.Framing == Newline || cfg.Framing == NUL)
}

// overhead is the part of MaxSize that is not the formatter's, in bytes: the framing of a message, and the number in it.
func (cfg *Config) overhead() int {
	n := 0
	if cfg.SequenceID {
		n += maxSequenceSize
	}
	switch {
	case !cfg.onStream():
		return n
	case cfg.Framing == OctetCounting:
		return n + len(strconv.Itoa(cfg.MaxSize)) + 1
	default:
		return n + 1
	}
}
