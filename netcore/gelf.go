package netcore

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"time"

	"example.com/zaphandlers/netcore/internal/connection"
	"example.com/zaphandlers/netcore/internal/gelf"
)

// GELFConfig is for GELF. Its zero value will do.
type GELFConfig struct {
	// Host is the host that messages are from. Defaults to os.Hostname.
	Host string
	// Compression of datagrams is "gzip" or "zlib". A stream has none. Defaults to none: it takes some hundred times as long as the rest
	// of a call, in the goroutine that logs.
	Compression string
	// ChunkSize is the largest datagram, in bytes; a larger message goes in chunks. Defaults to 1420, which passes through the networks
	// that there are; in one's own 8192 is usual. A stream has none.
	ChunkSize int
}

// defaultChunkSize is the largest datagram that Graylog's own clients send.
const defaultChunkSize = 1420

// GELF returns a Formatter for Graylog, and whatever else reads GELF 1.1: over TCP a message ends with a zero byte, over UDP it is a
// datagram, or up to 128 chunks. The port is 12201 where the Address says none. A record that would need more chunks is refused: with
// the default ChunkSize, one of more than 180,224 bytes, compressed if it is.
//
//	zap                      message
//	message                  short_message, its first line ("-" if there is nothing in it); full_message, if it has more
//	stack                    full_message, under the message
//	time                     timestamp: seconds, with all digits of the fraction; the years 0 to 9999, or the nearest. Without one: now
//	level                    level, by syslog's numbers: 7 debug, 6 info, 4 warn, 3 error, 2 above
//	logger name, caller      _logger; _file, _line, _function
//	integers, floats         numbers; texts where GELF has none: a uint64 above an int64, NaN
//	texts, bools, binary     texts; "true" and "false", base64
//	times, durations         RFC 3339; seconds
//	objects, namespaces      a field for each member, its name behind theirs: _order.id. Arrays are a text of JSON
//	nil, an empty object     nothing: GELF has no such value
//
// A field's name gets an underscore before it, and one for each character that is no letter, digit, underscore, dot or hyphen of ASCII. A
// name that the message has already, or that Graylog keeps for itself, gets an underscore behind it, and then numbers from 2 on; so _id,
// which GELF forbids, is never sent. A dot counts as an underscore in that, for Graylog stores it as one: order_id beside id in order is
// _order_id and _order.id_. Graylog's own are id, message, full_message, short_message, source, host, timestamp, level, version,
// streams, and _id, _ttl, _source, _all, _index, _type and _score.
func GELF(cfg GELFConfig) Formatter {
	if cfg.Host == "" {
		cfg.Host, _ = os.Hostname()
	}
	cfg.Host = cmp.Or(cfg.Host, "localhost") // GELF wants one
	return gelfFormatter{gelf.New(cfg.Host, cfg.Compression), cfg}
}

type gelfFormatter struct {
	gelf.Formatter
	cfg GELFConfig
}

// check returns what is wrong with a Config that has this Formatter.
func (f gelfFormatter) check(cfg *Config) error {
	if err := gelf.CheckCompression(f.cfg.Compression); err != nil {
		return fmt.Errorf("netcore: GELFConfig.Compression %w", err)
	}
	switch {
	case f.cfg.Compression != "" && !connection.IsDatagram(cfg.Network):
		return errors.New("netcore: GELFConfig.Compression is for datagrams")
	case f.cfg.ChunkSize != 0 && !connection.IsDatagram(cfg.Network) && cfg.Dial == nil: // which may make datagrams
		return errors.New("netcore: GELFConfig.ChunkSize is for datagrams")
	case cfg.Framing != DefaultFraming && cfg.Framing != NUL:
		return fmt.Errorf("netcore: Config.Framing of GELF is NUL, not %v", cfg.Framing)
	case cfg.Truncate || cfg.EscapeControls:
		return errors.New("netcore: Config.Truncate and EscapeControls do not go with GELF, which is JSON")
	case cfg.Ack || cfg.Key != nil:
		return errors.New("netcore: Config.Ack and Key do not go with GELF, which has neither")
	}
	return nil
}

// put writes that many frames, or one in datagrams that end at chunks, and returns how much of b the system took: of chunks all, or
// nothing.
func (w *wire) put(b []byte, chunks []int, frames int, now time.Duration) (int, error) {
	if len(chunks) == 0 {
		return w.conn.Write(b, frames, now)
	}
	from := 0
	for i, end := range chunks {
		whole := 0
		if i == len(chunks)-1 {
			whole = frames
		}
		if _, err := w.conn.Write(b[from:end], whole, now); err != nil {
			return 0, err
		}
		from = end
	}
	return len(b), nil
}
