package session

import "slices"

// Suspect is the frame at which a peer that knows no numbers hangs up each time, or which it never acknowledges: it stands at the head of
// the Window, and nothing behind it is ever acknowledged. That may be the peer's state, or the frame, and only another frame can tell:
//
//	│ A │ B │ C │   nothing is acknowledged over so many connections in a row
//	│ B │ C │ A │   A goes behind the others
//	│ A │ D │       they are acknowledged, and A is at the head again: it was A, or chance; and so on, three times
//	│ A │ B │ C │   nothing is acknowledged: the peer is down, and A has its place again
//
// It is used between calls, when the Window has no connection.
type Suspect struct {
	// Together says that the peer acknowledges what was written together as one, so that a frame keeps back those before it too. Then
	// frames are written in steps until all that were held have had their turn, and while one waits behind the others.
	Together bool

	number     uint64 // of the frame that went behind the others; 0: none did
	ends       int    // connections in a row over which frames were written and nothing was acknowledged
	proofs     int    // how often others were acknowledged while it had to wait
	progressed bool   // others were, since it went behind them
	resumes    bool   // there are frames that were to be written in steps, and have not had their turn
}

const (
	suspectWary   = 3 // connections without an acknowledgement, after which frames are written in steps, the first of which is one frame
	suspectAfter  = 6 // connections without an acknowledgement
	suspectAgain  = 2 // likewise, of a frame that is one already
	suspectProofs = 3
)

// Wary tells whether the frames that are held should be written in steps. The peer may have answered those before the one at which
// it hung up, and the answers be lost: where a connection is reset, Windows forgets what has come and was not read.
func (s *Suspect) Wary() bool {
	return s.ends >= suspectWary || s.Together && (s.number > 0 || s.resumes)
}

// Ended notes that the connection has ended.
func (s *Suspect) Ended(w *Window) {
	w.Trim()
	switch {
	case w.Progressed():
		s.ends, s.progressed = 0, true
	case w.unsent > w.first:
		s.ends++
	}
	if w.first > s.number {
		s.number = 0 // it is acknowledged
	}
	s.resumes = w.first < w.probed
}

// Next draws the conclusions, before the next connection. It returns how many frames were given up for it: 1 or 0.
func (s *Suspect) Next(w *Window) (dropped int) {
	w.Trim()
	due, again := suspectAfter, s.number > 0 && s.number == w.first
	if again {
		due = suspectAgain
	}
	if s.ends < due {
		return 0
	}
	switch {
	case again && s.proofs+1 >= suspectProofs:
		w.Reject()
		_ = w.Acknowledge(w.first)
		w.Trim()
		*s = Suspect{Together: s.Together}
		return 1
	case w.Len() < 2: // there is nothing to tell by
		return 0
	case again:
		s.proofs++
	case s.number > 0 && !s.progressed:
		toFront(w, s.number)
		*s = Suspect{Together: s.Together}
		return 0
	default:
		s.proofs = 0
	}
	firstToBack(w)
	s.number, s.ends, s.progressed = w.Next()-1, 0, false
	return 0
}

// firstToBack puts the oldest frame behind all others, whose numbers fall by one.
func firstToBack(w *Window) {
	rotate(w, len(w.At(w.first)))
	size := w.ends[0]
	for i := range len(w.ends) - 1 {
		w.ends[i] = w.ends[i+1] - size
	}
	w.ends[len(w.ends)-1] = len(w.buf)
}

// toFront takes that back, whatever was added meanwhile.
func toFront(w *Window, number uint64) {
	w.compact()
	i := int(number - w.first)
	end, frame := w.ends[i], slices.Clone(w.At(number))
	copy(w.buf[len(frame):end], w.buf)
	copy(w.buf, frame)
	for ; i > 0; i-- {
		w.ends[i] = w.ends[i-1] + len(frame)
	}
	w.ends[0] = len(frame)
}

// rotate puts the first n bytes that are held behind the others.
func rotate(w *Window, n int) {
	w.compact()
	head := append([]byte(nil), w.buf[:n]...)
	copy(w.buf[copy(w.buf, w.buf[n:]):], head)
}
