package session

import "slices"

// Suspect finds the frames at which a peer that knows no numbers hangs up each time, or which it never acknowledges: such a one stands at
// the head of the Window, and nothing behind it is ever acknowledged. That may be the peer's state, or the frame, and only another frame
// can tell:
//
//	│ A │ B │ C │ D │   nothing is acknowledged over so many connections in a row
//	│ B │ C │ D │ A │   A goes behind the others, and is a suspect
//	│ A │ E │           they are acknowledged, and A is at the head again: that is a proof, or chance; three are enough,
//	                  or one, if no other frame comes over many connections
//
//	│ B │ C │ D │ A │   nothing is acknowledged: the peer is down, or B is another such frame
//	│ C │ D │ A │ B │   A has its place again, and both go behind the others; then four, and so on
//	│ A │ B │ C │ D │   when too few are left to tell by, the peer is down, and all have their places again
//
// It is used between calls, when the Window has no connection.
type Suspect struct {
	// Together says that the peer acknowledges what was written together as one, so that a frame keeps back those before it too. Then
	// frames are written in steps until all that were held have had their turn, and while one waits behind the others.
	Together bool

	frames  []suspectFrame // in the order in which they went behind the others
	ends    int            // connections in a row over which frames were written and nothing was acknowledged
	acks    int            // connections over which something was
	resumes bool           // there are frames that were to be written in steps, and have not had their turn
}

// suspectFrame is one that went behind the others.
type suspectFrame struct {
	number uint64
	proofs int // how often others were acknowledged while it had to wait, and it was not when its turn came
	since  int // acks when it went there
}

const (
	suspectWary   = 3 // connections without an acknowledgement, after which frames are written in steps, the first of which is one frame
	suspectAfter  = 6 // connections without an acknowledgement
	suspectAgain  = 2 // likewise, of a frame that is one already
	suspectProofs = 3
	suspectAlone  = 24 // connections without an acknowledgement of one for which there is a proof, and no other frame to go on with
)

// Wary tells whether the frames that are held should be written in steps. The peer may have answered those before the one at which
// it hung up, and the answers be lost: where a connection is reset, Windows forgets what has come and was not read.
func (s *Suspect) Wary() bool {
	return s.ends >= suspectWary || s.Together && (len(s.frames) > 0 || s.resumes)
}

// Ended notes that the connection has ended.
func (s *Suspect) Ended(w *Window) {
	w.Trim()
	switch {
	case w.Progressed():
		s.ends = 0
		s.acks++
	case w.unsent > w.first:
		s.ends++
	}
	s.frames = slices.DeleteFunc(s.frames, func(f suspectFrame) bool { return f.number < w.first })
	s.resumes = w.first < w.probed
}

// Next draws the conclusions, before the next connection. It returns how many frames were given up for it: 1 or 0.
func (s *Suspect) Next(w *Window) (dropped int) {
	w.Trim()
	head := slices.IndexFunc(s.frames, func(f suspectFrame) bool { return f.number == w.first })
	if head < 0 {
		if s.ends >= suspectAfter {
			s.try(w)
		}
		return 0
	}
	if s.ends < suspectAgain {
		return 0
	}
	f := &s.frames[head]
	if f.since < s.acks {
		f.since = s.acks
		f.proofs++
	}
	others := w.Len() > len(s.frames) // else there is nothing more to tell by
	switch {
	case f.proofs >= suspectProofs, f.proofs > 0 && !others && s.ends >= suspectAlone:
		s.frames = slices.Delete(s.frames, head, head+1)
		s.ends = 0
		w.Reject()
		_ = w.Acknowledge(w.first)
		w.Trim()
		return 1
	case others:
		s.toBack(w)
	}
	return 0
}

// try puts the first frame behind the others. If one is there already, and nothing has been acknowledged since, it has its place again,
// and the first two go, then the first four and so on, as long as others are left to tell by.
func (s *Suspect) try(w *Window) {
	n := max(1, 2*s.restore(w))
	if n >= w.Len()-len(s.frames) {
		return
	}
	for range n {
		s.toBack(w)
	}
}

// untold tells whether nothing speaks for f or against it.
func (f suspectFrame) untold(acks int) bool { return f.proofs == 0 && f.since == acks }

// toBack puts the first frame behind the others.
func (s *Suspect) toBack(w *Window) {
	moved := suspectFrame{}
	s.frames = slices.DeleteFunc(s.frames, func(f suspectFrame) bool {
		if f.number == w.first {
			moved = f
		}
		return f.number == w.first
	})
	firstToBack(w)
	for i := range s.frames {
		s.frames[i].number--
	}
	moved.number, moved.since = w.Next()-1, s.acks
	s.frames, s.ends = append(s.frames, moved), 0
}

// restore takes that back for the frames that are untold, and returns how many there were.
func (s *Suspect) restore(w *Window) (n int) {
	for i := len(s.frames) - 1; i >= 0; i-- {
		f := s.frames[i]
		if !f.untold(s.acks) {
			continue
		}
		n++
		toFront(w, f.number)
		s.frames = slices.Delete(s.frames, i, i+1)
		for j := range s.frames {
			if s.frames[j].number < f.number {
				s.frames[j].number++
			}
		}
	}
	s.ends = 0
	return n
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
