package netcore

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"sync/atomic"
)

// With Ack a connection begins like this:
//
//	client                                        server
//	                                         ◄──  "zhn1" nonce (16)             with a Key only
//	"zha2" session (16) first (8), framed    ──►
//	                                         ◄──  last (8) limit (8)            what it has of this session; its largest frame
//	frame last+1, frame last+2, …            ──►
//	                                         ◄──  last (8) …                    now and then
//
// first is the number of the oldest frame that the client still holds. Frames carry no number: both sides count, from the
// server's first answer on. What the server has got over a connection before is in that answer, and not sent again; what an
// old connection still delivers meanwhile, the server knows by its number when it comes again, and drops.
const (
	nonceMagic  = "zhn1"
	helloMagic  = "zha2"
	sessionSize = 16
	helloSize   = len(helloMagic) + sessionSize + 8
)

// window holds the frames that the peer has not confirmed, the oldest first, so that they can be sent again.
//
//	buf   ░░░░░░░░│ frame first │ frame first+1 │ … │ frame next-1 │
//	           head      ends[gone]    ends[gone+1]
type window struct {
	limit   int // bytes
	session [sessionSize]byte
	largest int // what the peer takes as a frame, in bytes; 0: it has not said yet

	buf     []byte
	ends    []int
	head    int    // bytes at the beginning of buf that were confirmed
	gone    int    // entries of ends likewise
	first   uint64 // the number of the oldest frame; the very first is 1
	unsent  uint64 // the number of the first that was not written to the present connection
	whole   uint64 // every frame with a smaller number was written whole to some connection
	dropped uint64

	call        uint64 // the number of the first frame of the call under way
	callDropped int    // frames of that call

	confirmed atomic.Uint64 // the number of the last frame that the peer has
	last      atomic.Uint64 // of the last frame added
	wake      chan struct{} // receives when confirmed has risen
}

func newWindow(limit int) *window {
	w := &window{limit: limit, first: 1, unsent: 1, whole: 1, wake: make(chan struct{}, 1)}
	rand.Read(w.session[:])
	return w
}

func (w *window) len() int     { return len(w.ends) - w.gone }
func (w *window) size() int    { return len(w.buf) - w.head }
func (w *window) next() uint64 { return w.first + uint64(w.len()) }

// hasRoom tells whether n bytes more may be held. A single frame always may.
func (w *window) hasRoom(n int) bool { return w.len() == 0 || w.size()+n <= w.limit }

func (w *window) at(sequence uint64) []byte {
	i := w.gone + int(sequence-w.first)
	from := w.head
	if i > w.gone {
		from = w.ends[i-1]
	}
	return w.buf[from:w.ends[i]]
}

func (w *window) add(payload []byte) {
	if w.head > len(w.buf)/2 && w.gone > len(w.ends)/2 { // so moving costs less than what was confirmed did
		w.compact()
	}
	w.buf = append(w.buf, payload...)
	w.ends = append(w.ends, len(w.buf))
	w.last.Store(w.next() - 1)
}

func (w *window) compact() {
	w.buf = w.buf[:copy(w.buf, w.buf[w.head:])]
	w.ends = w.ends[:copy(w.ends, w.ends[w.gone:])]
	for i := range w.ends {
		w.ends[i] -= w.head
	}
	w.head, w.gone = 0, 0
}

// trim lets go of what the peer has confirmed.
func (w *window) trim() {
	n := int(w.confirmed.Load() + 1 - w.first)
	if n <= 0 {
		return
	}
	w.gone += n
	w.head = w.ends[w.gone-1]
	w.first += uint64(n)
	w.unsent, w.whole = max(w.unsent, w.first), max(w.whole, w.first)
	if w.len() == 0 {
		w.buf, w.ends, w.head, w.gone = w.buf[:0], w.ends[:0], 0, 0
	}
}

// begin notes that a call begins to add frames.
func (w *window) begin() { w.call, w.callDropped = w.next(), 0 }

// takeBack removes the frames of the call under way that were never written whole, and returns how many of them are the window's:
// confirmed, held, or dropped.
func (w *window) takeBack() (stay int) {
	from := w.call
	keep := max(from, w.first, min(w.whole, w.next()))
	w.ends = w.ends[:w.gone+int(keep-w.first)]
	end := w.head
	if w.len() > 0 {
		end = w.ends[len(w.ends)-1]
	}
	w.buf = w.buf[:end]
	w.last.Store(w.next() - 1)
	w.unsent = min(w.unsent, w.next())
	return int(keep-from) + w.callDropped
}

var errConfirmsTooMuch = errors.New("the peer confirms frames that were never sent")

// confirm notes that the peer has everything up to sequence. It is called by the reader.
func (w *window) confirm(sequence uint64) error {
	if sequence > w.last.Load() {
		return errConfirmsTooMuch
	}
	if sequence > w.confirmed.Load() {
		w.confirmed.Store(sequence)
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
	return nil
}

// hello says what comes before the first record of a connection, and returns who hears what the peer says after it.
func (e *Emitter) hello(l *link) (hear func([]byte) ([]byte, error), err error) {
	l.sequence = 1
	if e.cfg.Key != nil {
		var greeting [len(nonceMagic) + nonceSize]byte
		if _, err := io.ReadFull(l.conn, greeting[:]); err != nil {
			return nil, err
		}
		if string(greeting[:len(nonceMagic)]) != nonceMagic {
			return nil, errors.New("the peer does not ask for signatures")
		}
		nonce := greeting[len(nonceMagic):]
		l.seal, l.acks = newSeal(e.cfg.Key, nonce), newSeal(e.cfg.Key, nonce)
	}
	if e.acked == nil {
		return deaf, nil
	}
	if err := e.acked.greet(l); err != nil {
		return nil, err
	}
	return func(b []byte) ([]byte, error) { return e.acked.hear(l, b) }, nil
}

// deaf ignores what the peer says.
func deaf([]byte) ([]byte, error) { return nil, nil }

// greet names the session to the peer and learns what it has of it.
func (w *window) greet(l *link) error {
	w.trim()
	payload := append(make([]byte, 0, helloSize), helloMagic...)
	payload = append(payload, w.session[:]...)
	payload = binary.BigEndian.AppendUint64(payload, w.first)
	l.sequence = 0
	if _, err := l.conn.Write(l.appendFrame(nil, payload)); err != nil {
		return err
	}
	answer := make([]byte, l.acks.welcomeSize())
	if _, err := io.ReadFull(l.conn, answer); err != nil {
		return err
	}
	last, limit, err := l.acks.openWelcome(answer)
	if err != nil {
		return err
	}
	if err := w.confirm(last); err != nil {
		return err
	}
	w.trim()
	w.largest = int(min(limit, math.MaxInt32))
	if w.dropLarger() {
		return errNewSession
	}
	w.unsent, l.sequence, l.confirmed = w.first, w.first, last
	return nil
}

// errNewSession ends a connection whose peer takes less than the one before it, so that frames were dropped from the middle of
// the window. The numbers of those behind them have changed, so they have to be of another session.
var errNewSession = errors.New("the peer has become smaller than a frame that it has not confirmed")

// dropLarger drops the frames that the peer will never take, and tells whether there were any.
func (w *window) dropLarger() bool {
	var buf []byte
	var ends []int
	before := 0
	for s := w.first; s < w.next(); s++ {
		switch b := w.at(s); {
		case len(b) <= w.largest:
			buf = append(buf, b...)
			ends = append(ends, len(buf))
		case s < w.call:
			before++
		default:
			w.callDropped++
		}
	}
	n := w.len() - len(ends)
	if n == 0 {
		return false
	}
	w.buf, w.ends, w.head, w.gone = buf, ends, 0, 0
	w.dropped += uint64(n)
	w.call -= uint64(before)
	w.unsent, w.whole = w.first, w.first
	w.last.Store(w.next() - 1)
	rand.Read(w.session[:])
	return true
}

// takes tells whether the peer takes a frame of n bytes, as far as it has said.
func (w *window) takes(n int) bool { return w.largest == 0 || n <= w.largest }

// hear reads confirmations.
func (w *window) hear(l *link, b []byte) (rest []byte, err error) {
	size := l.acks.ackSize()
	for len(b) >= size {
		sequence, err := l.acks.openAck(b[:size])
		if err != nil {
			return nil, err
		}
		if err := w.confirm(sequence); err != nil {
			return nil, err
		}
		b = b[size:]
	}
	return b, nil
}
