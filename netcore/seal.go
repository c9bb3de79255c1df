package netcore

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"time"
)

// A signed frame carries the HMAC-SHA-256 of the key over
//
//	on a stream    nonce of the connection (16) │ 'f' │ sequence (8) │ payload
//	in a datagram  16 zero bytes                │ 'd' │ time (8)     │ payload
//	in an ack      nonce of the connection (16) │ 'a' │ sequence (8)
//	in a welcome   nonce of the connection (16) │ 'w' │ sequence (8) │ limit (8)
//
// and looks like this on the wire (behind the length, where the framing has one):
//
//	on a stream    ┌ MAC (32) ┬ payload …     The nonce is the server's, new with each connection, and the sequence rises
//	               └──────────┴──────────     by one a frame, so no frame can be left out, repeated or sent again later.
//	in a datagram  ┌ time (8) ┬ MAC (32) ┬ payload …    Datagrams get lost and overtake each other, so only their age is
//	               └──────────┴──────────┴──────────    checked: whoever can listen may repeat one within keyWindow.
const (
	nonceSize = 16
	macSize   = sha256.Size
	timeSize  = 8

	sealFrame    = 'f'
	sealDatagram = 'd'
	sealAck      = 'a'
	sealWelcome  = 'w'
)

// keyWindow is how far a signed datagram's time may be from the receiver's.
const keyWindow = time.Minute

// seal signs and verifies. It is for one goroutine at a time.
type seal struct {
	mac      hash.Hash
	head     [nonceSize + 1 + 8]byte // what is signed before the payload
	sum      []byte
	datagram bool
	overhead int // bytes that a signature adds to a frame
}

func newSeal(key, nonce []byte) *seal {
	s := &seal{mac: hmac.New(sha256.New, key), overhead: macSize}
	copy(s.head[:], nonce)
	return s
}

func newDatagramSeal(key []byte) *seal {
	return &seal{mac: hmac.New(sha256.New, key), overhead: timeSize + macSize, datagram: true}
}

// newNonce returns what a server greets a connection with.
func newNonce() []byte {
	nonce := make([]byte, nonceSize)
	rand.Read(nonce)
	return nonce
}

// sign appends the signature of payload to dst.
func (s *seal) sign(dst []byte, kind byte, number uint64, payload []byte) []byte {
	s.head[nonceSize] = kind
	binary.BigEndian.PutUint64(s.head[nonceSize+1:], number)
	s.mac.Reset()
	s.mac.Write(s.head[:])
	s.mac.Write(payload)
	return s.mac.Sum(dst)
}

// append appends the signature of payload, and payload, to dst.
func (s *seal) append(dst []byte, sequence uint64, payload []byte) []byte {
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

// verify returns the payload of a signed frame. Nothing of it may be looked at before.
func (s *seal) verify(frame []byte, sequence uint64, now time.Time) ([]byte, error) {
	if len(frame) < s.overhead {
		return nil, errUnsigned
	}
	kind, number := byte(sealFrame), sequence
	if s.datagram {
		kind, number = sealDatagram, binary.BigEndian.Uint64(frame)
		frame = frame[timeSize:]
	}
	payload := frame[macSize:]
	s.sum = s.sign(s.sum[:0], kind, number, payload)
	if !hmac.Equal(s.sum, frame[:macSize]) {
		return nil, errUnsigned
	}
	if s.datagram {
		if age := now.Sub(time.Unix(0, int64(number))); age > keyWindow || age < -keyWindow {
			return nil, errStale
		}
	}
	return payload, nil
}

// appendAck appends the confirmation of everything up to sequence. A nil seal does not sign it.
func (s *seal) appendAck(dst []byte, sequence uint64) []byte {
	dst = binary.BigEndian.AppendUint64(dst, sequence)
	if s != nil {
		dst = s.sign(dst, sealAck, sequence, nil)
	}
	return dst
}

// ackSize returns the length of a confirmation.
func (s *seal) ackSize() int {
	if s == nil {
		return 8
	}
	return 8 + macSize
}

// openAck reads what appendAck wrote: b is ackSize long.
func (s *seal) openAck(b []byte) (uint64, error) {
	sequence := binary.BigEndian.Uint64(b)
	if s != nil {
		s.sum = s.sign(s.sum[:0], sealAck, sequence, nil)
		if !hmac.Equal(s.sum, b[8:]) {
			return 0, errors.New("a confirmation is not signed with the key")
		}
	}
	return sequence, nil
}

// appendWelcome appends the answer to a client's hello: a confirmation of everything up to sequence, and the largest frame that
// the server takes, in bytes.
func (s *seal) appendWelcome(dst []byte, sequence uint64, limit int) []byte {
	dst = binary.BigEndian.AppendUint64(dst, sequence)
	dst = binary.BigEndian.AppendUint64(dst, uint64(limit))
	if s != nil {
		dst = s.sign(dst, sealWelcome, sequence, dst[len(dst)-8:])
	}
	return dst
}

// welcomeSize returns the length of the answer to a hello.
func (s *seal) welcomeSize() int { return s.ackSize() + 8 }

// openWelcome reads what appendWelcome wrote: b is welcomeSize long.
func (s *seal) openWelcome(b []byte) (sequence, limit uint64, err error) {
	sequence, limit = binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])
	if s != nil {
		s.sum = s.sign(s.sum[:0], sealWelcome, sequence, b[8:16])
		if !hmac.Equal(s.sum, b[16:]) {
			return 0, 0, errors.New("the answer to a hello is not signed with the key")
		}
	}
	return sequence, limit, nil
}
