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

// GELFConfig configures GELF. The zero value is ready to use.
type GELFConfig struct {
	// Host is the sender of the messages. Defaults to os.Hostname.
	Host string
	// Compression of datagrams is "gzip" or "zlib"; streams have none. It takes a few hundred times as long as the rest of a call, on
	// the goroutine that logs. Defaults to none.
	Compression string
	// ChunkSize is the largest datagram, in bytes; a larger message is sent in chunks. Streams have none. Defaults to 1420, which
	// passes through all common networks; inside one's own network 8192 is usual.
	ChunkSize int
}

// defaultChunkSize is the largest datagram that Graylog's own clients send.
const defaultChunkSize = 1420

// GELF returns a Formatter for Graylog, and for everything else that reads GELF 1.1. Over TCP a zero byte ends a message. Over UDP a
// message is a datagram, or up to 128 chunks; a record that needs more is refused: with the default ChunkSize one of more than
// 180,224 bytes, after compression. The default port is 12201.
//
//	zap                      message
//	message                  short_message: its first line, "-" if that is blank; full_message: all of it, if there is more
//	stack                    full_message, below the message
//	time                     timestamp: seconds with all digits of the fraction, clamped to the years 0 to 9999. Without a time: now
//	level                    level, as syslog's number: 7 debug, 6 info, 4 warn, 3 error, 2 above
//	logger name, caller      _logger; _file, _line, _function
//	integers, floats         numbers; strings where GELF has no number: a uint64 above the largest int64, NaN
//	strings, bools, binary   strings; "true" and "false", base64
//	times, durations         RFC 3339; seconds
//	objects, namespaces      one field per member, with its path as the name: _order.id. An array is a string of JSON
//	nil, an empty object     nothing: GELF has no such value
//
// A field's name gets an underscore in front, and an underscore in place of each character that is not an ASCII letter, digit,
// underscore, dot or hyphen. A name that the message already has, or that Graylog reserves, gets an underscore at its end, and then
// numbers from 2 on. So _id, which GELF forbids, is never sent. A dot counts as an underscore in this comparison, because Graylog
// stores it as one: order_id beside id in order becomes _order_id and _order.id_. Graylog reserves id, message, full_message,
// short_message, source, host, timestamp, level, version, streams, and _id, _ttl, _source, _all, _index, _type and _score.
func GELF(cfg GELFConfig) Formatter {
	if cfg.Host == "" {
		cfg.Host, _ = os.Hostname()
	}
	cfg.Host = cmp.Or(cfg.Host, "localhost") // GELF requires one
	return gelfFormatter{gelf.New(cfg.Host, cfg.Compression), cfg}
}

type gelfFormatter struct {
	gelf.Formatter
	cfg GELFConfig
}

// check returns an error for what GELF excludes in a Config with this Formatter.
func (f gelfFormatter) check(cfg *Config) error {
	if err := gelf.CheckCompression(f.cfg.Compression); err != nil {
		return fmt.Errorf("netcore: GELFConfig.Compression %w", err)
	}
	switch {
	case f.cfg.Compression != "" && !connection.IsDatagram(cfg.Network):
		return errors.New("netcore: GELFConfig.Compression is for datagrams")
	case f.cfg.ChunkSize != 0 && !connection.IsDatagram(cfg.Network) && cfg.Dial == nil: // a Dial may make datagrams
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

// put writes b, which holds that many frames, and returns how many bytes the system took. If chunks is not empty, b is one frame in
// datagrams that end at chunks, and the system took all of them or none.
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
