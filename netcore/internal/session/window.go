package session

import (
	"crypto/rand"
	"errors"
	"math"
	"sync/atomic"
)

const (
	helloMagic  = "zha2"
	sessionSize = 16
	// HelloSize is the size of a client's hello, in bytes.
	HelloSize = len(helloMagic) + sessionSize + 8
)

// Window holds the frames that the peer has not acknowledged, oldest first, so that they can be sent again. Frames are numbered from
// 1 on.
//
//	buf   ░░░░░░░░│ frame first │ frame first+1 │ … │ frame next-1 │
//	           head      ends[gone]    ends[gone+1]
//
// Its methods are for one goroutine at a time, except for those that say they are safe beside the others.
type Window struct {
	limit   int  // in bytes
	most    int  // in frames; 0: no limit
	spare   bool // one frame more than the limits may be held: see PoisonSearch
	session [sessionSize]byte
	largest int // the largest frame that the peer takes, in bytes; 0: unknown yet

	buf     []byte
	ends    []int
	head    int    // bytes at the beginning of buf that are acknowledged
	gone    int    // entries at the beginning of ends, likewise
	first   uint64 // number of the oldest frame
	unsent  uint64 // number of the first frame not written to the present connection
	whole   uint64 // every frame below this number was written whole to some connection
	dropped uint64
	refused uint64 // the maximum that rejected counts for, once abandoned
	over    bool   // Abandon was called
	saved   uint64 // frames that the peer had at that time, but not one before them

	call        uint64 // number of the first frame of the current call
	callDropped int    // dropped frames of that call

	acknowledged atomic.Uint64 // number of the last frame acknowledged
	resumed      uint64        // acknowledged when the present connection began
	rejected     atomic.Uint64 // frames that the peer has refused
	ahead        atomic.Uint64 // frames that the peer has, over the present connection, but not one before them
	last         atomic.Uint64 // number of the last frame added
	wake         chan struct{} // receives when acknowledged has grown

	probed uint64 // frames below this number are written in steps, each when the step before is acknowledged
	step   uint64 // number of frames in the present step
	due    uint64 // number after the last frame of the present step
}

// NewWindow returns an empty Window with a new session. It holds up to limit bytes and up to most frames; a most of 0 is no limit.
func NewWindow(limit, most int) *Window {
	w := &Window{limit: limit, most: most, first: 1, unsent: 1, whole: 1, refused: math.MaxUint64, wake: make(chan struct{}, 1)}
	rand.Read(w.session[:])
	return w
}

// Len returns how many frames are held.
func (w *Window) Len() int { return len(w.ends) - w.gone }

// Next returns the number that the next frame will have.
func (w *Window) Next() uint64 { return w.first + uint64(w.Len()) }

// HasRoom reports whether a frame of n bytes may be added. A single frame always may.
func (w *Window) HasRoom(n int) bool {
	within := func(frames, bytes int) bool {
		return len(w.buf)-w.head+bytes <= w.limit && (w.most == 0 || w.Len()+frames <= w.most)
	}
	return w.Len() == 0 || within(1, n) || w.spare && (w.Len() == 1 || within(0, 0))
}

// At returns the frame with that number.
func (w *Window) At(sequence uint64) []byte {
	i := w.gone + int(sequence-w.first)
	from := w.head
	if i > w.gone {
		from = w.ends[i-1]
	}
	return w.buf[from:w.ends[i]]
}

// Add adds a copy of payload as the next frame.
func (w *Window) Add(payload []byte) {
	if w.head > len(w.buf)/2 && w.gone > len(w.ends)/2 { // so compacting costs less than the acknowledged frames did
		w.compact()
	}
	w.buf = append(w.buf, payload...)
	w.ends = append(w.ends, len(w.buf))
	w.last.Store(w.Next() - 1)
}

// compact removes the acknowledged bytes at the beginning.
func (w *Window) compact() {
	w.buf = w.buf[:copy(w.buf, w.buf[w.head:])]
	w.ends = w.ends[:copy(w.ends, w.ends[w.gone:])]
	for i := range w.ends {
		w.ends[i] -= w.head
	}
	w.head, w.gone = 0, 0
}

// Trim removes the acknowledged frames.
func (w *Window) Trim() {
	n := int(w.acknowledged.Load() + 1 - w.first)
	if n <= 0 || w.over {
		return
	}
	w.gone += n
	w.head = w.ends[w.gone-1]
	w.first += uint64(n)
	w.unsent, w.whole = max(w.unsent, w.first), max(w.whole, w.first)
	if w.Len() > 0 {
		return
	}
	w.buf, w.ends, w.head, w.gone = w.buf[:0], w.ends[:0], 0, 0
	if cap(w.buf) > keepWindow { // an outage must not occupy its memory for ever
		w.buf, w.ends = nil, nil
	}
}

// keepWindow is the largest buffer that an empty Window keeps, in bytes.
const keepWindow = 4 << 20

// Begin notes that a call starts adding frames.
func (w *Window) Begin() { w.call, w.callDropped = w.Next(), 0 }

// TakeBack removes the frames of the current call that were never written whole. It returns how many of the call's frames stay the
// window's: acknowledged, held, or dropped.
func (w *Window) TakeBack() (stay int) {
	from := w.call
	keep := max(from, w.first, min(w.whole, w.Next()))
	w.ends = w.ends[:w.gone+int(keep-w.first)]
	end := w.head
	if w.Len() > 0 {
		end = w.ends[len(w.ends)-1]
	}
	w.buf = w.buf[:end]
	w.last.Store(w.Next() - 1)
	w.unsent = min(w.unsent, w.Next())
	return int(keep-from) + w.callDropped
}

var errConfirmsTooMuch = errors.New("the peer confirms frames that were never sent")

// Acknowledge notes that the peer has everything up to sequence. It is safe beside the other methods.
func (w *Window) Acknowledge(sequence uint64) error {
	if sequence > w.last.Load() {
		return errConfirmsTooMuch
	}
	if sequence > w.acknowledged.Load() {
		w.acknowledged.Store(sequence)
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
	return nil
}

// Wake returns a channel that receives when something was acknowledged.
func (w *Window) Wake() <-chan struct{} { return w.wake }

// Progressed reports whether anything was acknowledged over the present connection. It is safe beside Acknowledge.
func (w *Window) Progressed() bool { return w.acknowledged.Load() > w.resumed }

// Unsent returns the number of the first frame not written to the present connection.
func (w *Window) Unsent() uint64 { return w.unsent }

// Due returns the number after the last frame that may be written now.
func (w *Window) Due() uint64 {
	w.Trim()
	if w.first >= w.probed {
		return w.Next()
	}
	if w.first >= w.due {
		w.step *= 2
		w.due = w.first + w.step
	}
	return min(w.due, w.Next())
}

// Sent notes that n more frames were written whole to the present connection.
func (w *Window) Sent(n int) {
	w.unsent += uint64(n)
	w.whole = max(w.whole, w.unsent)
}

// Reopen starts a new connection to a server of another protocol, which knows no sessions: everything that is held is to be written
// again. If stepwise, held frames are written in steps: one frame, when that is acknowledged two, then four, and so on.
func (w *Window) Reopen(stepwise bool) {
	w.Trim()
	w.unsent, w.resumed, w.probed = w.first, w.acknowledged.Load(), 0
	w.ahead.Store(0)
	if stepwise {
		w.probed, w.step, w.due = w.Next(), 1, w.first+1
	}
}

// Reject notes that the peer has refused a frame. The frame must be acknowledged next. It is safe beside the other methods.
func (w *Window) Reject() { w.rejected.Add(1) }

// Ahead notes how many frames the peer has taken although it has not acknowledged one before them. They stay held, and are sent again
// over the next connection. It is safe beside the other methods.
func (w *Window) Ahead(frames uint64) { w.ahead.Store(frames) }

// Abandon gives up what is held, and returns how many frames of it the peer has not got, as far as it has said. What the peer says
// about them later does not count.
func (w *Window) Abandon() uint64 {
	n := uint64(w.Len())
	w.saved = min(n, w.ahead.Load())
	w.refused, w.over = min(w.first-1, w.rejected.Load()), true
	w.dropped += n - w.saved
	return n - w.saved
}

// Delivered returns how many frames were acknowledged and not rejected.
func (w *Window) Delivered() uint64 {
	return w.first - 1 - min(w.first-1, w.rejected.Load(), w.refused) + w.saved
}

// Dropped returns how many frames were given up: abandoned, rejected, or too large for the server that replaced another.
func (w *Window) Dropped() uint64 { return w.dropped + min(w.first-1, w.rejected.Load(), w.refused) }

// Largest returns the largest frame that the server takes, in bytes; 0 if it has not said yet.
func (w *Window) Largest() int { return w.largest }
