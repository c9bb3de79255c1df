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
//	│ A │ B │ C │ D │   when not even the last one alone is acknowledged, the peer is down, and all have their places again
//
// A peer may go on behind a frame that it does not acknowledge, and not hang up: each time it has done that for a whole timeout is a proof,
// after which the frame goes behind the others.
//
// As long as that lasts the Window takes one frame beyond its limits: where it is full of such frames no other would come, to tell by.
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
	w.spare = s.ends >= suspectWary || len(s.frames) > 0
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
	f := &s.frames[head]
	if s.ends < suspectAgain && f.proofs < suspectProofs {
		return 0
	}
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
		s.toBack(w, 1)
	}
	return 0
}

// Passes tells whether the peer has frames, over the present connection, though it has not acknowledged the first.
func (s *Suspect) Passes(w *Window) bool {
	w.Trim()
	return w.Len() > 1 && w.ahead.Load() > 0
}

// Passed notes that the peer has gone on so for a whole timeout, after which the connection has ended.
func (s *Suspect) Passed(w *Window) {
	w.Trim()
	if w.Len() < 2 { // it has come in the last moment
		return
	}
	head := slices.IndexFunc(s.frames, func(f suspectFrame) bool { return f.number == w.first })
	if head < 0 {
		head = len(s.frames)
		s.frames = append(s.frames, suspectFrame{number: w.first})
	}
	if s.frames[head].proofs++; s.frames[head].proofs < suspectProofs {
		s.toBack(w, 1)
	}
}

// try puts the first frame behind the others. If one is there already, and nothing has been acknowledged since, it has its place again,
// and the first two go, then the first four and so on, and at last all but one, which is left to tell by.
func (s *Suspect) try(w *Window) {
	before := s.restore(w)
	if most := w.Len() - len(s.frames) - 1; before < most {
		s.toBack(w, min(max(1, 2*before), most))
	}
}

// untold tells whether nothing speaks for f or against it.
func (f suspectFrame) untold(acks int) bool { return f.proofs == 0 && f.since == acks }

// toBack puts the first n frames behind the others.
func (s *Suspect) toBack(w *Window, n int) {
	first := w.first
	moved := make([]suspectFrame, n)
	s.frames = slices.DeleteFunc(s.frames, func(f suspectFrame) bool {
		goes := f.number-first < uint64(n)
		if goes {
			moved[f.number-first] = f
		}
		return goes
	})
	firstToBack(w, n)
	for i := range s.frames {
		s.frames[i].number -= uint64(n)
	}
	for i := range moved {
		moved[i].number, moved[i].since = w.Next()-uint64(n-i), s.acks
	}
	s.frames, s.ends = append(s.frames, moved...), 0
}

// restore takes that back for the frames that are untold, and returns how many there were.
func (s *Suspect) restore(w *Window) (n int) {
	s.ends = 0
	var untold []uint64
	told := s.frames[:0:0]
	for _, f := range s.frames {
		if f.untold(s.acks) {
			untold = append(untold, f.number)
		} else {
			told = append(told, f)
		}
	}
	if len(untold) == 0 {
		return 0
	}
	toFront(w, untold)
	slices.Sort(untold)
	for i := range told {
		before, _ := slices.BinarySearch(untold, told[i].number)
		told[i].number += uint64(len(untold) - before)
	}
	s.frames = told
	return len(untold)
}

// firstToBack puts the n oldest frames behind all others, whose numbers fall by n.
func firstToBack(w *Window, n int) {
	w.compact()
	size, all := w.ends[n-1], len(w.buf)
	moved := slices.Clone(w.ends[:n])
	if size <= all-size {
		head := slices.Clone(w.buf[:size])
		copy(w.buf[copy(w.buf, w.buf[size:]):], head)
	} else {
		tail := slices.Clone(w.buf[size:])
		copy(w.buf[len(tail):], w.buf[:size])
		copy(w.buf, tail)
	}
	others := copy(w.ends, w.ends[n:])
	for i := range others {
		w.ends[i] -= size
	}
	for i, end := range moved {
		w.ends[others+i] = all - size + end
	}
}

// toFront puts the frames of these numbers before all others, in this order.
func toFront(w *Window, numbers []uint64) {
	w.compact()
	buf, ends := make([]byte, 0, len(w.buf)), make([]int, 0, len(w.ends))
	take := func(number uint64) {
		buf = append(buf, w.At(number)...)
		ends = append(ends, len(buf))
	}
	taken := make([]bool, len(w.ends))
	for _, number := range numbers {
		taken[number-w.first] = true
		take(number)
	}
	for i := range taken {
		if !taken[i] {
			take(w.first + uint64(i))
		}
	}
	w.buf, w.ends = buf, ends
}
