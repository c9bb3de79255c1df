package forward

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/netcore/internal/msgpack"
)

// conversation is a connection to a peer that sends a fixed text.
type conversation struct {
	io.Reader
	bytes.Buffer
}

func (c *conversation) Read(b []byte) (int, error) { return c.Reader.Read(b) }

// answering reads a PING as soon as it is there, and then says what pong makes of it.
type answering struct {
	greeting io.Reader
	ping     [][]byte
	pong     func(ping [][]byte) []byte
	answer   io.Reader
}

func (a *answering) Read(b []byte) (int, error) {
	if a.answer != nil {
		return a.answer.Read(b)
	}
	return a.greeting.Read(b)
}

func (a *answering) Write(b []byte) (int, error) {
	a.ping = elements(b)
	a.answer = bytes.NewReader(a.pong(a.ping))
	return len(b), nil
}

func helo(nonce, auth string) []byte {
	b := append(msgpack.AppendText([]byte{0x92}, hello), 0x83)
	b = msgpack.AppendBytes(msgpack.AppendText(b, "nonce"), nonce)
	b = msgpack.AppendBytes(msgpack.AppendText(b, "auth"), auth)
	return msgpack.AppendBool(msgpack.AppendText(b, "keepalive"), true)
}

func pongOf(ok bool, reason, host, digest string) []byte {
	b := msgpack.AppendBool(msgpack.AppendText([]byte{0x95}, pong), ok)
	for _, s := range []string{reason, host, digest} {
		b = msgpack.AppendText(b, s)
	}
	return b
}

// The server of these tests knows the key "secret", and the user shop with the password "open".
func honest(t *testing.T, nonce, auth string) func(ping [][]byte) []byte {
	return func(ping [][]byte) []byte {
		require.Len(t, ping, 6)
		assert.Equal(t, "PING", text(ping[0]))
		host, salt := text(ping[1]), text(ping[2])
		assert.Len(t, salt, saltSize)
		if text(ping[3]) != digest([]byte(salt+host+nonce+"secret")) {
			return pongOf(false, "shared_key mismatch", "", "")
		}
		if auth != "" && (text(ping[4]) != "shop" || text(ping[5]) != digest([]byte(auth+"shop"+"open"))) {
			return pongOf(false, "username/password mismatch", "", "")
		}
		return pongOf(true, "", "collector", digest([]byte(salt+"collector"+nonce+"secret")))
	}
}

func TestHandshake(t *testing.T) {
	for name, test := range map[string]struct {
		cfg  Config
		auth string
		pong func(ping [][]byte) []byte
		want string
	}{
		"both know the key":            {Config{Key: []byte("secret")}, "", nil, ""},
		"and the user":                 {Config{Key: []byte("secret"), User: "shop", Pass: "open"}, "salt", nil, ""},
		"this side has another key":    {Config{Key: []byte("other")}, "", nil, `refuses the connection: "shared_key mismatch"`},
		"this side has no password":    {Config{Key: []byte("secret")}, "salt", nil, `refuses the connection: "username/password mismatch"`},
		"the receiver has another key": {Config{Key: []byte("secret")}, "", func([][]byte) []byte { return pongOf(true, "", "x", "0123") }, "does not know the shared key"},
		"the receiver gives back this side's own proof": {Config{Key: []byte("secret")}, "", func(ping [][]byte) []byte {
			return pongOf(true, "", text(ping[1]), text(ping[3]))
		}, `the receiver calls itself "here", as this side does`},
		"the receiver answers nothing": {Config{Key: []byte("secret")}, "", func([][]byte) []byte { return nil }, "EOF"},
		"the receiver answers otherwise": {Config{Key: []byte("secret")}, "", func([][]byte) []byte { return helo("n", "") },
			"does not answer PING with PONG"},
		"the receiver talks for ever": {Config{Key: []byte("secret")}, "", func([][]byte) []byte {
			return msgpack.AppendText(nil, strings.Repeat("x", 2*maxGreeting))
		}, "more than"},
	} {
		t.Run(name, func(t *testing.T) {
			if test.pong == nil {
				test.pong = honest(t, "nonce", test.auth)
			}
			test.cfg.Host = "here"
			_, err := Open(&answering{greeting: bytes.NewReader(helo("nonce", test.auth)), pong: test.pong}, test.cfg, nil, 1)
			if test.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, test.want)
			}
		})
	}
	for said, want := range map[string]error{
		"\x81\xa3ack\xa1x": errNoHello, "\x90": errNoHello, "\x92\xa4HELO": io.EOF, "": io.EOF,
	} {
		t.Run(fmt.Sprintf("%q for a greeting", said), func(t *testing.T) {
			_, err := Open(&conversation{Reader: strings.NewReader(said)}, Config{Key: []byte("secret")}, nil, 1)
			require.ErrorIs(t, err, want)
		})
	}
}
