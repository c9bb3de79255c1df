package session

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"
)

// A signature is the HMAC-SHA-256 with the key over
//
//	on a stream    nonce of the connection (16) │ 'f' │ sequence (8) │ payload
//	in a datagram  16 zero bytes                │ 'd' │ time (8)     │ payload
//	in an ack      nonce of the connection (16) │ 'a' │ sequence (8)
//	in a welcome   nonce of the connection (16) │ 'w' │ sequence (8) │ limit (8)
//
// A signed frame on the wire, behind the length if the framing has one:
//
//	on a stream    ┌ MAC (32) ┬ payload …     The nonce is the server's, new for each connection. The sequence grows by one per
//	               └──────────┴──────────     frame. So no frame can be left out, repeated or replayed later.
//	in a datagram  ┌ time (8) ┬ MAC (32) ┬ payload …    Datagrams get lost and overtake each other, so only their age is
//	               └──────────┴──────────┴──────────    checked: an eavesdropper may replay one within keyWindow.
const (
	nonceMagic = "zhn1"
	nonceSize  = 16
	// MACSize is what a signature adds to a frame on a stream, in bytes. In a datagram it adds TimeSize more.
	MACSize = sha256.Size
	// TimeSize is the size of a datagram's time, in bytes.
	TimeSize = 8

	sealFrame    = 'f'
	sealDatagram = 'd'
	sealAck      = 'a'
	sealWelcome  = 'w'
)

// keyWindow is how far a signed datagram's time may differ from the receiver's.
const keyWindow = time.Minute

// Seal signs and verifies frames. It is for one goroutine at a time.
type Seal struct {
	key      []byte
	mac      hash.Hash
	head     [nonceSize + 1 + 8]byte // signed before the payload: nonce, kind, number
	sum      []byte
	datagram bool
	Overhead int // bytes that a signature adds to a frame
}

// NewSeal returns the Seal for one direction of a stream. nonce is the one with which the server began the connection.
func NewSeal(key, nonce []byte) *Seal {
	s := &Seal{key: key, mac: hmac.New(sha256.New, key), Overhead: MACSize}
	copy(s.head[:], nonce)
	return s
}

// NewDatagramSeal returns the Seal for datagrams.
func NewDatagramSeal(key []byte) *Seal {
	return &Seal{mac: hmac.New(sha256.New, key), Overhead: TimeSize + MACSize, datagram: true}
}

// AcceptSigned begins a signed connection at the server: it sends a new nonce and returns the Seal for both directions, which must be
// used by one goroutine.
func AcceptSigned(conn io.Writer, key []byte) (*Seal, error) {
	greeting := append(make([]byte, 0, len(nonceMagic)+nonceSize), nonceMagic...)
	greeting = greeting[:cap(greeting)]
	rand.Read(greeting[len(nonceMagic):])
	if _, err := conn.Write(greeting); err != nil {
		return nil, err
	}
	return NewSeal(key, greeting[len(nonceMagic):]), nil
}

// DialSigned begins a signed connection at the client: it reads the server's nonce and returns a Seal for each direction.
func DialSigned(conn io.Reader, key []byte) (out, in *Seal, err error) {
	var greeting [len(nonceMagic) + nonceSize]byte
	if _, err := io.ReadFull(conn, greeting[:]); err != nil {
		return nil, nil, err
	}
	if string(greeting[:len(nonceMagic)]) != nonceMagic {
		return nil, nil, errors.New("the peer does not ask for signatures")
	}
	nonce := greeting[len(nonceMagic):]
	return NewSeal(key, nonce), NewSeal(key, nonce), nil
}

// sign appends the signature of payload to dst.
func (s *Seal) sign(dst []byte, kind byte, number uint64, payload []byte) []byte {
	s.head[nonceSize] = kind
	binary.BigEndian.PutUint64(s.head[nonceSize+1:], number)
	s.mac.Reset()
	s.mac.Write(s.head[:])
	s.mac.Write(payload)
	return s.mac.Sum(dst)
}

// Append appends payload to dst, preceded by its signature.
func (s *Seal) Append(dst []byte, sequence uint64, payload []byte) []byte {
	if s.datagram {
		now := uint64(time.Now().UnixNano())
		dst = binary.BigEndian.AppendUint64(dst, now)
		dst = s.sign(dst, sealDatagram, now, payload)
	} else {
		dst = s.sign(dst, sealFrame, sequence, payload)
	}
	return append(dst, payload...)
}

var (
	errUnsigned = errors.New("a frame is not signed with the key")
	errStale    = fmt.Errorf("a datagram's time is more than %v from ours", keyWindow)
)

// Verify checks a signed frame and returns its payload. Nothing of the frame may be used before.
func (s *Seal) Verify(frame []byte, sequence uint64, now time.Time) ([]byte, error) {
	if len(frame) < s.Overhead {
		return nil, errUnsigned
	}
	kind, number := byte(sealFrame), sequence
	if s.datagram {
		kind, number = sealDatagram, binary.BigEndian.Uint64(frame)
		frame = frame[TimeSize:]
	}
	payload := frame[MACSize:]
	s.sum = s.sign(s.sum[:0], kind, number, payload)
	if !hmac.Equal(s.sum, frame[:MACSize]) {
		return nil, errUnsigned
	}
	if s.datagram {
		if age := now.Sub(time.Unix(0, int64(number))); age > keyWindow || age < -keyWindow {
			return nil, errStale
		}
	}
	return payload, nil
}

// Passing verifies a frame of a stream that is too large to be kept, while it is read and discarded. After it the next frames can be
// read.
type Passing struct {
	mac  hash.Hash
	want []byte // the signature, which comes first
}

// Pass returns the Passing for the frame with that number.
func (s *Seal) Pass(sequence uint64) *Passing {
	p := &Passing{mac: hmac.New(sha256.New, s.key), want: make([]byte, 0, MACSize)}
	p.mac.Write(s.head[:nonceSize])
	p.mac.Write(binary.BigEndian.AppendUint64([]byte{sealFrame}, sequence))
	return p
}

// Write takes the next part of the frame. It never fails.
func (p *Passing) Write(part []byte) (int, error) {
	n := min(len(part), MACSize-len(p.want))
	p.want = append(p.want, part[:n]...)
	p.mac.Write(part[n:])
	return len(part), nil
}

// End returns an error unless a whole frame with its valid signature was written.
func (p *Passing) End() error {
	if !hmac.Equal(p.mac.Sum(nil), p.want) {
		return errUnsigned
	}
	return nil
}

// AppendAck appends the acknowledgement of everything up to sequence. A nil Seal does not sign it.
func (s *Seal) AppendAck(dst []byte, sequence uint64) []byte {
	dst = binary.BigEndian.AppendUint64(dst, sequence)
	if s != nil {
		dst = s.sign(dst, sealAck, sequence, nil)
	}
	return dst
}

// AckSize returns the size of an acknowledgement, in bytes.
func (s *Seal) AckSize() int {
	if s == nil {
		return 8
	}
	return 8 + MACSize
}

// OpenAck reads what AppendAck wrote. b must be AckSize long.
func (s *Seal) OpenAck(b []byte) (uint64, error) {
	sequence := binary.BigEndian.Uint64(b)
	if s != nil {
		s.sum = s.sign(s.sum[:0], sealAck, sequence, nil)
		if !hmac.Equal(s.sum, b[8:]) {
			return 0, errors.New("a confirmation is not signed with the key")
		}
	}
	return sequence, nil
}

// AppendWelcome appends the answer to a client's hello: the acknowledgement of everything up to sequence, and the largest frame that
// the server takes, in bytes.
func (s *Seal) AppendWelcome(dst []byte, sequence uint64, limit int) []byte {
	dst = binary.BigEndian.AppendUint64(dst, sequence)
	dst = binary.BigEndian.AppendUint64(dst, uint64(limit))
	if s != nil {
		dst = s.sign(dst, sealWelcome, sequence, dst[len(dst)-8:])
	}
	return dst
}

// WelcomeSize returns the size of the answer to a hello, in bytes.
func (s *Seal) WelcomeSize() int { return s.AckSize() + 8 }

// OpenWelcome reads what AppendWelcome wrote. b must be WelcomeSize long.
func (s *Seal) OpenWelcome(b []byte) (sequence, limit uint64, err error) {
	sequence, limit = binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])
	if s != nil {
		s.sum = s.sign(s.sum[:0], sealWelcome, sequence, b[8:16])
		if !hmac.Equal(s.sum, b[16:]) {
			return 0, 0, errors.New("the answer to a hello is not signed with the key")
		}
	}
	return sequence, limit, nil
}
