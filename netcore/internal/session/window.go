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
	// HelloSize is the length of a client's hello, in bytes.
	HelloSize = len(helloMagic) + sessionSize + 8
)

// Window holds the frames that the peer has not acknowledged, the oldest first, so that they can be sent again.
//
//	buf   ░░░░░░░░│ frame first │ frame first+1 │ … │ frame next-1 │
//	           head      ends[gone]    ends[gone+1]
type Window struct {
	limit   int  // bytes
	most    int  // frames; 0: no limit but that
	spare   bool // one frame beyond the limit may be held: see Suspect
	session [sessionSize]byte
	largest int // what the peer takes as a frame, in bytes; 0: it has not said yet

	buf     []byte
	ends    []int
	head    int    // bytes at the beginning of buf that were acknowledged
	gone    int    // entries of ends likewise
	first   uint64 // the number of the oldest frame; the very first is 1
	unsent  uint64 // the number of the first that was not written to the present connection
	whole   uint64 // every frame with a smaller number was written whole to some connection
	dropped uint64
	refused uint64 // the most that rejected counts for
	over    bool   // Abandon was called
	saved   uint64 // frames that the peer had then, though not one before them

	call        uint64 // the number of the first frame of the call under way
	callDropped int    // frames of that call

	acknowledged atomic.Uint64 // the number of the last frame that the peer has
	resumed      uint64        // the same when the present connection began
	rejected     atomic.Uint64 // frames that the peer has refused
	ahead        atomic.Uint64 // frames that it has, over the present connection, though it has not one before them
	last         atomic.Uint64 // of the last frame added
	wake         chan struct{} // receives when acknowledged has risen

	probed uint64 // frames below this one are written in steps, each when the one before is acknowledged
	step   uint64 // how many frames the present step has
	due    uint64 // the number behind its last one
}

// NewWindow returns an empty Window of a new session, that holds up to limit bytes and, unless most is 0, that many frames.
func NewWindow(limit, most int) *Window {
	w := &Window{limit: limit, most: most, first: 1, unsent: 1, whole: 1, refused: math.MaxUint64, wake: make(chan struct{}, 1)}
	rand.Read(w.session[:])
	return w
}

// Len returns how many frames are held.
func (w *Window) Len() int { return len(w.ends) - w.gone }

// Next returns the number of the frame that is added next.
func (w *Window) Next() uint64 { return w.first + uint64(w.Len()) }

// HasRoom tells whether n bytes more may be held. A single frame always may.
func (w *Window) HasRoom(n int) bool {
	within := func(frames, bytes int) bool {
		return len(w.buf)-w.head+bytes <= w.limit && (w.most == 0 || w.Len()+frames <= w.most)
	}
	return w.Len() == 0 || within(1, n) || w.spare && (w.Len() == 1 || within(0, 0))
}

// At returns the frame of that number.
func (w *Window) At(sequence uint64) []byte {
	i := w.gone + int(sequence-w.first)
	from := w.head
	if i > w.gone {
		from = w.ends[i-1]
	}
	return w.buf[from:w.ends[i]]
}

// Add adds a frame, and keeps none of it.
func (w *Window) Add(payload []byte) {
	if w.head > len(w.buf)/2 && w.gone > len(w.ends)/2 { // so moving costs less than what was acknowledged did
		w.compact()
	}
	w.buf = append(w.buf, payload...)
	w.ends = append(w.ends, len(w.buf))
	w.last.Store(w.Next() - 1)
}

func (w *Window) compact() {
	w.buf = w.buf[:copy(w.buf, w.buf[w.head:])]
	w.ends = w.ends[:copy(w.ends, w.ends[w.gone:])]
	for i := range w.ends {
		w.ends[i] -= w.head
	}
	w.head, w.gone = 0, 0
}

// Trim forgets what the peer has acknowledged.
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
	if cap(w.buf) > keepWindow { // a receiver that was away for a while does not cost its memory for ever
		w.buf, w.ends = nil, nil
	}
}

// keepWindow is the largest buffer, in bytes, that an empty Window keeps.
const keepWindow = 4 << 20

// Begin notes that a call begins to add frames.
func (w *Window) Begin() { w.call, w.callDropped = w.Next(), 0 }

// TakeBack removes the frames of the call under way that were never written whole, and returns how many of them are the window's:
// acknowledged, held, or dropped.
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

// Wake receives when something was acknowledged.
func (w *Window) Wake() <-chan struct{} { return w.wake }

// Progressed tells whether anything was acknowledged over the present connection.
func (w *Window) Progressed() bool { return w.acknowledged.Load() > w.resumed }

// Unsent returns the number of the first frame that was not written to the present connection.
func (w *Window) Unsent() uint64 { return w.unsent }

// Due returns the number behind the last frame that may be written now.
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

// Sent notes that n frames more were written whole to the present connection.
func (w *Window) Sent(n int) {
	w.unsent += uint64(n)
	w.whole = max(w.whole, w.unsent)
}

// Reopen begins over: over a connection that is new, everything that is held is written again. It is what Resume does where the
// server is of another protocol and knows no sessions. Wary: of what is held one frame is written, when it is acknowledged two, then
// four and so on.
func (w *Window) Reopen(wary bool) {
	w.Trim()
	w.unsent, w.resumed, w.probed = w.first, w.acknowledged.Load(), 0
	w.ahead.Store(0)
	if wary {
		w.probed, w.step, w.due = w.Next(), 1, w.first+1
	}
}

// Reject notes that the peer has refused a frame, which is to be acknowledged next. It is safe beside the other methods.
func (w *Window) Reject() { w.rejected.Add(1) }

// Ahead notes how many frames the peer has, and has not refused, though it has not acknowledged one before them. They are held, and are
// sent again over the next connection. It is safe beside the other methods.
func (w *Window) Ahead(frames uint64) { w.ahead.Store(frames) }

// Abandon gives up what is held, and returns how many frames the peer has not got of it, as far as it has said. What it says of
// them later does not count.
func (w *Window) Abandon() uint64 {
	n := uint64(w.Len())
	w.saved = min(n, w.ahead.Load())
	w.refused, w.over = min(w.first-1, w.rejected.Load()), true
	w.dropped += n - w.saved
	return n - w.saved
}

// Delivered returns how many frames were acknowledged, and not rejected.
func (w *Window) Delivered() uint64 {
	return w.first - 1 - min(w.first-1, w.rejected.Load(), w.refused) + w.saved
}

// Dropped returns how many frames were given up: abandoned, rejected, or too large for a server that has replaced the one before.
func (w *Window) Dropped() uint64 { return w.dropped + min(w.first-1, w.rejected.Load(), w.refused) }

// Largest returns the largest frame that the server takes, in bytes; 0: it has not said yet.
func (w *Window) Largest() int { return w.largest }
