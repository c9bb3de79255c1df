package netcore

import (
	"os"
	"strconv"
	"unicode/utf8"

	"example.com/zaphandlers/netcore/internal/connection"
	"example.com/zaphandlers/netcore/internal/forward"
	"example.com/zaphandlers/netcore/internal/session"
)

// ForwardConfig configures Forward.
type ForwardConfig struct {
	// Tag is what the receiver routes by, such as "shop.orders". Required.
	Tag string
	// Host is this program's name in the handshake. It must differ from the receiver's name (Fluentd: self_hostname): otherwise a
	// receiver could return this side's own proof of the key as its own. Needs a Key. Defaults to the host's name and the process id.
	Host string
	// User and Password are for a receiver that asks for them in the handshake (Fluentd: user_auth). They need a Key, and are not
	// sent in the clear.
	User, Password string
}

// Forward returns a Formatter for Fluentd, Fluent Bit and collectors that speak Fluent Forward, version 1: MessagePack over a stream.
// The default port is 24224. One message holds all records of a write.
//
//	netcore.Config{Formatter: netcore.Forward(netcore.ForwardConfig{Tag: "shop"}), Ack: true, …}
//
// With Ack each message has a chunk id, which the receiver acknowledges; then its records count as delivered. Unacknowledged records,
// at most the Window, are sent again over the next connection, and may arrive twice, because receivers do not remember chunk ids. If
// an answer is late, Sync and a Write that waits for room fail, and the connection is given up. The next connection gets twice as
// long, up to 8 times Timeout, so that a slow receiver does not get copies without end.
//
// A poison record is one that the receiver never acknowledges, or at which it hangs up, although it acknowledges records sent before
// and after it. Left alone it would block everything with it and behind it. Messages of few records identify it; then it is dropped,
// counted and reported. This takes a few dozen connections, which Write, Sync and Close make. Behind an idle queue, which tries every
// 10 s, that is minutes, during which the records are Pending. Close takes no longer than usual. Without Ack, losses are those of any
// TCP connection: see the package comment.
//
// With a Key, of any length, both sides prove that they know it (Fluentd: shared_key) before the first message. A receiver that does
// not ask for a key is refused. The key neither signs nor encrypts records: use TLS.
//
//	zap                      record
//	time                     the entry's event time, to the nanosecond, clamped to 1970 to 2106. Without a time: now
//	level, logger name       level, logger
//	message                  message
//	caller, stack            caller ("folder/file.go:7"), stacktrace
//	integers, floats, bools  the same, including uint64 and float32
//	strings, binary          str, bin; a string that is not UTF-8 becomes bin
//	objects, namespaces      maps; arrays are arrays; nil is nil
//	times, durations         strings by RFC 3339; seconds, as floats
//	complex numbers          strings
//
// Names are made distinct as in package httpcore: a field whose path (its names, joined by dots) already exists, or is one of the
// above, gets an underscore, and then numbers from 2 on. An empty name becomes an underscore. A field called log gets an underscore
// too, because receivers take it for the message.
func Forward(cfg ForwardConfig) Formatter { return forwardFormatter{cfg: cfg} }

type forwardFormatter struct {
	forward.Formatter
	cfg ForwardConfig
}

func (forwardFormatter) binary() {}

var _ binaryFormatter = forwardFormatter{}

func (cfg ForwardConfig) withDefaults() ForwardConfig {
	if cfg.Host == "" {
		host, _ := os.Hostname() // a Fluentd on this host may use the bare name
		cfg.Host = host + "-" + strconv.Itoa(os.Getpid())
	}
	return cfg
}

// check returns an error that begins with the name of the field that is wrong.
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

// client returns the settings for a connection.
func (cfg ForwardConfig) client(key []byte) forward.Config {
	return forward.Config{Tag: cfg.Tag, Host: cfg.Host, Key: key, User: cfg.User, Pass: cfg.Password}
}

// openForward does Fluent Forward's handshake. window is nil without Ack. If stepwise, the frames in window are sent one per message.
func (w *wire) openForward(cfg forward.Config, c *connection.Conn, window *session.Window, stepwise bool) (receive func([]byte) ([]byte, error), err error) {
	if window == nil {
		w.forward, err = forward.Open(c.Net(), cfg, nil, 1)
	} else {
		window.Reopen(stepwise)
		w.forward, err = forward.Open(c.Net(), cfg, window, window.Unsent())
	}
	if err != nil {
		return nil, err
	}
	return w.forward.Receive, nil
}
