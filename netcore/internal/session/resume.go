package session

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"math"
)

// Resume sends the hello over a new connection, and learns from the answer what the server has of the session. Frames are then to be
// written from Unsent on. ErrNewSession says that another connection must be made.
func (w *Window) Resume(conn io.ReadWriter, out, in *Seal) error {
	w.Trim()
	payload := append(make([]byte, 0, HelloSize), helloMagic...)
	payload = append(payload, w.session[:]...)
	payload = binary.BigEndian.AppendUint64(payload, w.first)
	if out != nil {
		payload = out.Append(nil, 0, payload)
	}
	hello := binary.BigEndian.AppendUint32(nil, uint32(len(payload)))
	if _, err := conn.Write(append(hello, payload...)); err != nil {
		return err
	}
	answer := make([]byte, in.WelcomeSize())
	if _, err := io.ReadFull(conn, answer); err != nil {
		return err
	}
	if in == nil && bytes.HasPrefix(answer, []byte(nonceMagic)) {
		return errors.New("the server asks for signatures, and Config.Key is not set")
	}
	last, limit, err := in.OpenWelcome(answer)
	if err != nil {
		return err
	}
	if err := w.Acknowledge(last); err != nil {
		return err
	}
	w.Trim()
	w.largest = int(min(limit, math.MaxInt32))
	if w.dropLarger() {
		return ErrNewSession
	}
	w.unsent, w.resumed = w.first, last
	return nil
}

// ErrNewSession is the error for a peer that takes smaller frames than the one before it, so that frames were dropped from the middle
// of the window. This changes the numbers of the frames behind them, so these need a new session.
var ErrNewSession = errors.New("the peer has become smaller than a frame that it has not acknowledged")

// dropLarger drops the frames that the peer will never take, and reports whether there were any.
func (w *Window) dropLarger() bool {
	var buf []byte
	var ends []int
	before := 0
	for s := w.first; s < w.Next(); s++ {
		switch b := w.At(s); {
		case len(b) <= w.largest:
			buf = append(buf, b...)
			ends = append(ends, len(buf))
		case s < w.call:
			before++
		default:
			w.callDropped++
		}
	}
	n := w.Len() - len(ends)
	if n == 0 {
		return false
	}
	w.buf, w.ends, w.head, w.gone = buf, ends, 0, 0
	w.dropped += uint64(n)
	w.call -= uint64(before)
	w.unsent, w.whole = w.first, w.first
	w.last.Store(w.Next() - 1)
	rand.Read(w.session[:])
	return true
}

// Receive reads acknowledgements, and returns the bytes of an incomplete one. It is for the goroutine that reads.
func (w *Window) Receive(in *Seal, b []byte) (rest []byte, err error) {
	size := in.AckSize()
	for len(b) >= size {
		sequence, err := in.OpenAck(b[:size])
		if err != nil {
			return nil, err
		}
		if err := w.Acknowledge(sequence); err != nil {
			return nil, err
		}
		b = b[size:]
	}
	return b, nil
}
