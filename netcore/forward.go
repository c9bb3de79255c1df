package netcore

import (
	"os"
	"strconv"
	"unicode/utf8"

	"example.com/zaphandlers/netcore/internal/connection"
	"example.com/zaphandlers/netcore/internal/forward"
	"example.com/zaphandlers/netcore/internal/session"
)

// ForwardConfig is for Forward.
type ForwardConfig struct {
	// Tag is what the receiver routes by: "shop.orders". Required.
	Tag string
	// Host is this machine's name in the handshake, which a receiver may ask for. The receiver has to have another one (Fluentd:
	// self_hostname), or it could prove that it knows the key by giving back this side's own proof. Defaults to the
	// name of the host and the number of the process.
	Host string
	// User and Password are for a receiver that asks for them in the handshake (Fluentd: user_auth). They need a Key, and are not
	// sent in clear.
	User, Password string
}

// Forward returns a Formatter for Fluentd, Fluent Bit and collectors that speak Fluent Forward (version 1): MessagePack over a
// stream, port 24224 where the Address says none. A message holds all records of a write.
//
//	netcore.Config{Formatter: netcore.Forward(netcore.ForwardConfig{Tag: "shop"}), Ack: true, …}
//
// With Ack each message has a chunk, which the receiver acknowledges: a record is delivered when its message was; what was not is
// sent again over the next connection, all of the Window at most, and may then arrive twice, because receivers do not remember
// chunks. If an answer does not come in time, Sync and a Write that waits for room fail, and the connection is given up; the next one
// has twice as long, up to 8 times Timeout, so that a slow receiver does not get copies without end. A record
// that a receiver never acknowledges, or at which it hangs up, while it acknowledges others that are sent before and after, is
// found by messages of few records, dropped, counted and told: it would keep back all that is with it and behind it. That takes
// some dozen connections, which Write, Sync and Close make. So behind a queue that has nothing more to do, and asks each 10 s, it takes
// minutes, in which the records count as pending; Close takes no longer than otherwise. Without Ack what TCP cannot tell is lost.
//
// With a Key, of any length, both sides show that they know it (Fluentd: shared_key) before the first message; a receiver that does not
// ask for one is refused. Records are neither signed nor encrypted by it: use TLS.
//
//	zap                      record
//	time                     the entry's event time, to the nanosecond; 1970 to 2106, or the nearest. Without one: now
//	level, logger name       level, logger
//	message                  message
//	caller, stack            caller ("folder/file.go:7"), stacktrace
//	integers, floats, bools  as they are; a uint64 and a float32 too
//	texts, binary            str, bin; a text that is no UTF-8 is bin
//	objects, namespaces      maps; arrays are arrays; nil is nil
//	times, durations         RFC 3339, as texts; seconds, as floats
//	complex numbers          texts
//
// Names are made distinct as package httpcore does it: a field whose path (of names, joined by dots) is there already, or is one of
// those above, gets an underscore, and then numbers from 2 on; an empty name becomes an underscore. So does one called log, which receivers
// take for the message.
func Forward(cfg ForwardConfig) Formatter { return forwardFormatter{cfg: cfg} }

type forwardFormatter struct {
	forward.Formatter
	cfg ForwardConfig
}

func (forwardFormatter) binary() {}

var _ binaryFormatter = forwardFormatter{}

func (cfg ForwardConfig) withDefaults() ForwardConfig {
	if cfg.Host == "" {
		host, _ := os.Hostname() // a Fluentd on this host may be called that
		cfg.Host = host + "-" + strconv.Itoa(os.Getpid())
	}
	return cfg
}

// check returns what is wrong, beginning with the field's name.
func (cfg ForwardConfig) check(hasKey bool) error {
	texts := []struct{ field, value string }{{"Tag", cfg.Tag}, {"Host", cfg.Host}, {"User", cfg.User}, {"Password", cfg.Password}}
	if cfg.Tag == "" {
		return wrong("Tag", "is required")
	}
	for i, text := range texts {
		switch {
		case i > 0 && !hasKey && text.value != "":
			return wrong(text.field, "is for a handshake, which needs a Key")
		case text.field != "Password" && !utf8.ValidString(text.value):
			return wrong(text.field, "%q is no UTF-8, which receivers refuse", text.value)
		}
	}
	return nil
}

// client is what a connection needs of cfg.
func (cfg ForwardConfig) client(key []byte) forward.Config {
	return forward.Config{Tag: cfg.Tag, Host: cfg.Host, Key: key, User: cfg.User, Pass: cfg.Password}
}

// openForward is the handshake of Fluent Forward. window is nil without Ack. Wary: what it holds goes in messages of one record each.
func (w *wire) openForward(cfg forward.Config, c *connection.Conn, window *session.Window, wary bool) (receive func([]byte) ([]byte, error), err error) {
	if window == nil {
		w.forward, err = forward.Open(c.Net(), cfg, nil, 1)
	} else {
		window.Reopen(wary)
		w.forward, err = forward.Open(c.Net(), cfg, window, window.Unsent())
	}
	if err != nil {
		return nil, err
	}
	return w.forward.Receive, nil
}
