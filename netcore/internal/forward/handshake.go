package forward

import (
	"crypto/rand"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"example.com/zaphandlers/netcore/internal/msgpack"
)

const (
	hello = "HELO"
	pong  = "PONG"

	saltSize = 16 // bytes
	// maxGreeting is the longest message of the handshake, in bytes.
	maxGreeting = 4 << 10
)

var (
	errNoHello    = errors.New("the receiver sends no HELO: it asks for no key")
	errNoPong     = errors.New("the receiver does not answer PING with PONG")
	errOtherKey   = errors.New("the receiver does not know the shared key")
	errLongAnswer = fmt.Errorf("the receiver sends more than %d bytes before the handshake is over", maxGreeting)
)

// shakeHands proves to the receiver that this side knows the key, and makes it prove the same.
func shakeHands(conn io.ReadWriter, cfg Config) error {
	b, err := readValue(conn)
	if err != nil {
		return err
	}
	parts := elements(b)
	if len(parts) != 2 || text(parts[0]) != hello {
		return errNoHello
	}
	nonce, _ := member(parts[1], "nonce")
	auth, _ := member(parts[1], "auth")
	salt := make([]byte, saltSize)
	rand.Read(salt)

	ping := append([]byte(nil), 0x96)
	ping = msgpack.AppendText(ping, "PING")
	ping = msgpack.AppendText(ping, cfg.Host)
	ping = msgpack.AppendBytes(ping, salt)
	ping = msgpack.AppendText(ping, digest(salt, []byte(cfg.Host), nonce.Bytes, cfg.Key))
	if len(auth.Bytes) > 0 {
		ping = msgpack.AppendText(ping, cfg.User)
		ping = msgpack.AppendText(ping, digest(auth.Bytes, []byte(cfg.User), []byte(cfg.Pass)))
	} else {
		ping = msgpack.AppendText(msgpack.AppendText(ping, ""), "")
	}
	if _, err := conn.Write(ping); err != nil {
		return err
	}
	if b, err = readValue(conn); err != nil {
		return err
	}
	return checkPong(elements(b), salt, nonce.Bytes, cfg)
}

// checkPong returns an error if the receiver has refused this side, or does not know the key. A receiver with this side's name proves
// nothing: it could return the proof of the PING.
func checkPong(parts [][]byte, salt, nonce []byte, cfg Config) error {
	if len(parts) != 5 || text(parts[0]) != pong {
		return errNoPong
	}
	if v, _, _ := msgpack.Next(parts[1]); !v.Bool {
		return fmt.Errorf("the receiver refuses the connection: %.100q", text(parts[2]))
	}
	host := text(parts[3])
	if host == cfg.Host {
		return fmt.Errorf("the receiver calls itself %.100q, as this side does, so that its answer proves nothing: one of them needs another name (Host)", host)
	}
	want := digest(salt, []byte(host), nonce, cfg.Key)
	if subtle.ConstantTimeCompare([]byte(want), []byte(text(parts[4]))) == 0 {
		return errOtherKey
	}
	return nil
}

// digest returns the SHA-512 of the concatenated parts, in hex.
func digest(parts ...[]byte) string {
	h := sha512.New()
	for _, part := range parts {
		h.Write(part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// elements returns the values of a complete array; nil if b is something else.
func elements(b []byte) (parts [][]byte) {
	head, at, _ := msgpack.Next(b)
	if head.Kind != msgpack.Array {
		return nil
	}
	for range head.Count {
		size, _ := msgpack.Size(b[at:])
		parts = append(parts, b[at:at+size])
		at += size
	}
	return parts
}

// text returns a text or binary value; "" for any other.
func text(b []byte) string {
	v, _, _ := msgpack.Next(b)
	return string(v.Bytes)
}

// readValue reads one complete value, and not a byte more.
func readValue(r io.Reader) ([]byte, error) {
	var b []byte
	for one := make([]byte, 1); len(b) < maxGreeting; {
		if _, err := io.ReadFull(r, one); err != nil {
			return nil, err
		}
		b = append(b, one[0])
		if n, err := msgpack.Size(b); n > 0 || err != nil {
			return b, err
		}
	}
	return nil, errLongAnswer
}
