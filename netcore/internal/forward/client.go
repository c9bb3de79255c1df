package forward

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"math"

	"example.com/zaphandlers/netcore/internal/msgpack"
)

// Window holds the frames until they are acknowledged.
type Window interface {
	// Acknowledge notes that everything up to the frame with that number has arrived.
	Acknowledge(sequence uint64) error
	// Ahead notes how many frames were answered although a message before them was not.
	Ahead(frames uint64)
}

// Config is what a Client tells the receiver.
type Config struct {
	Tag        string
	Host       string // this program's name in the handshake
	Key        []byte // nil: no handshake
	User, Pass string // for a receiver that asks for them
}

// Client is the client's side of one connection. Begin and End are for one goroutine, Receive for another.
type Client struct {
	tag    string
	window Window // nil: nothing is acknowledged
	secret [chunkSize]byte

	message msgpack.Container // the array of entries
	number  uint64            // of the last message
	last    uint64            // window number of its last frame

	// owned by Receive
	answered uint64           // every message up to this number was answered
	early    map[uint64]chunk // messages that were answered with a gap before them
	ahead    uint64           // frames in early
}

const (
	chunkSize    = 16 // bytes, by the specification
	encodedChunk = 24 // chunkSize in base64
	// maxEarly is how many answers may come out of order.
	maxEarly = 1 << 16
)

// Open begins a connection over conn. first is the window's number for the first frame that will be sent. A nil window asks the
// receiver for no acknowledgements.
func Open(conn io.ReadWriter, cfg Config, window Window, first uint64) (*Client, error) {
	c := &Client{tag: cfg.Tag, window: window, last: first - 1}
	rand.Read(c.secret[:])
	if cfg.Key == nil {
		return c, nil
	}
	return c, shakeHands(conn, cfg)
}

// Begin appends the beginning of a message to dst. Entries are appended next, and then End.
func (c *Client) Begin(dst []byte) []byte {
	dst = msgpack.AppendText(append(dst, 0x93), c.tag)
	dst, c.message = msgpack.OpenArray(dst, 3)
	return dst
}

// End appends the end of a message of n entries.
func (c *Client) End(dst []byte, n int) []byte {
	dst = c.message.Close(dst, n)
	if c.window == nil {
		dst = append(dst, 0x81)
		return msgpack.AppendUint(msgpack.AppendText(dst, "size"), uint64(n))
	}
	dst = append(dst, 0x82)
	dst = msgpack.AppendUint(msgpack.AppendText(dst, "size"), uint64(n))
	c.number++
	c.last += uint64(n)
	hidden := c.hide(chunk{number: c.number, last: c.last, frames: uint64(n)})
	dst = msgpack.AppendText(dst, "chunk")
	dst = append(dst, 0xa0|encodedChunk)
	return base64.StdEncoding.AppendEncode(dst, hidden[:])
}

// chunk identifies a message, and is what its answer returns.
type chunk struct {
	number uint64 // of the message
	last   uint64 // window number of its last frame
	frames uint64
}

// framesBits is the size of chunk.frames on the wire: a write holds fewer frames.
const framesBits = 20

// hide masks a chunk with the connection's secret.
func (c *Client) hide(m chunk) (b [chunkSize]byte) {
	binary.BigEndian.PutUint64(b[:8], (m.number<<framesBits|m.frames&(1<<framesBits-1))^binary.BigEndian.Uint64(c.secret[:8]))
	binary.BigEndian.PutUint64(b[8:], m.last^binary.BigEndian.Uint64(c.secret[8:]))
	return b
}

// show is the reverse of hide.
func (c *Client) show(b []byte) chunk {
	head := binary.BigEndian.Uint64(b[:8]) ^ binary.BigEndian.Uint64(c.secret[:8])
	return chunk{number: head >> framesBits, frames: head & (1<<framesBits - 1), last: binary.BigEndian.Uint64(b[8:chunkSize]) ^ binary.BigEndian.Uint64(c.secret[8:])}
}

var (
	errUnknownChunk = errors.New("the receiver acknowledges what was not sent to it")
	errNoAnswer     = errors.New("the receiver sends what is no answer")
)

// ErrWantsKey is the error for a receiver that asks for a key although there is none. It takes nothing of what is sent.
var ErrWantsKey = errors.New("the receiver asks for a shared key")

// Receive reads answers, and returns the bytes of an incomplete one.
func (c *Client) Receive(b []byte) (rest []byte, err error) {
	for {
		n, err := msgpack.Size(b)
		switch {
		case err != nil:
			return nil, err
		case n == 0:
			return b, nil
		}
		if err := c.receive(b[:n]); err != nil {
			return nil, err
		}
		b = b[n:]
	}
}

// receive reads one whole answer.
func (c *Client) receive(b []byte) error {
	head, n, _ := msgpack.Next(b)
	switch head.Kind {
	case msgpack.Array:
		if kind, _, _ := msgpack.Next(b[n:]); string(kind.Bytes) == hello {
			return ErrWantsKey
		}
		return errNoAnswer
	case msgpack.Map:
		if chunk, ok := member(b, "ack"); ok && c.window != nil {
			return c.acknowledge(chunk.Bytes)
		}
		return nil // a message of a later version
	}
	return errNoAnswer
}

// acknowledge notes that a message was answered.
func (c *Client) acknowledge(encoded []byte) error {
	var b [chunkSize + 2]byte // the most that Decode may write
	if len(encoded) != encodedChunk {
		return errUnknownChunk
	}
	if _, err := base64.StdEncoding.Decode(b[:], encoded); err != nil {
		return errUnknownChunk
	}
	m := c.show(b[:])
	switch {
	case m.number <= c.answered:
		return nil // a repeated answer
	case m.number-c.answered > maxEarly || m.last > math.MaxInt64 || m.frames > m.last:
		return errUnknownChunk
	case m.number > c.answered+1:
		return c.acknowledgeEarly(m)
	}
	c.answered++
	before := c.ahead
	for len(c.early) > 0 {
		next, ok := c.early[c.answered+1]
		if !ok {
			break
		}
		delete(c.early, c.answered+1)
		c.answered++
		c.ahead -= next.frames
		m = next
	}
	err := c.window.Acknowledge(m.last)
	if c.ahead != before {
		c.window.Ahead(c.ahead) // after Acknowledge, so that each frame counts in at least one of them
	}
	return err
}

// acknowledgeEarly notes that a message was answered before one that was sent earlier.
func (c *Client) acknowledgeEarly(m chunk) error {
	if _, again := c.early[m.number]; again {
		return nil
	}
	if c.early == nil {
		c.early = make(map[uint64]chunk)
	}
	c.early[m.number] = m
	c.ahead += m.frames
	c.window.Ahead(c.ahead)
	return nil
}

// member returns the text or bytes under key in a complete map, if they are there.
func member(b []byte, key string) (v msgpack.Value, ok bool) {
	head, at, _ := msgpack.Next(b)
	if head.Kind != msgpack.Map {
		return v, false
	}
	for range head.Count {
		name, _, _ := msgpack.Next(b[at:])
		size, _ := msgpack.Size(b[at:])
		at += size
		v, _, _ = msgpack.Next(b[at:])
		if string(name.Bytes) == key && (v.Kind == msgpack.Text || v.Kind == msgpack.Bytes) {
			return v, true
		}
		size, _ = msgpack.Size(b[at:])
		at += size
	}
	return v, false
}
