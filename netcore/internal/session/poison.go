package session

import "slices"

// PoisonSearch finds poison frames: those at which the peer hangs up each time, or which it never acknowledges. It is for peers that
// keep no numbers across connections. A poison frame stands at the head of the Window, and nothing behind it is ever acknowledged.
// The cause may be the frame or the peer's state, and only other frames can tell which:
//
//	│ A │ B │ C │ D │   nothing is acknowledged over several connections in a row
//	│ B │ C │ D │ A │   A moves behind the others and is suspected
//	│ A │ E │           B, C, D are acknowledged, and A is at the head again: a proof against A, or chance. Three proofs are enough,
//	                  or one if no other frame comes over many connections
//
//	│ B │ C │ D │ A │   nothing is acknowledged: the peer is down, or B is poison too
//	│ C │ D │ A │ B │   A gets its place back, and then both move behind the others; next time four, and so on
//	│ A │ B │ C │ D │   when not even the last frame alone is acknowledged the peer is down, and all get their places back
//
// A peer may also continue behind a frame that it does not acknowledge, without hanging up. Doing so for a whole timeout is a proof,
// and then the frame moves behind the others.
//
// During the search the Window takes one frame beyond its limits. Otherwise a Window full of poison frames could get no other frame
// to test the peer with.
//
// PoisonSearch is used between calls, while the Window has no connection.
type PoisonSearch struct {
	// Grouped says that the peer acknowledges frames that were written together as one group, so a poison frame also holds up those
	// before it. Then frames are written in steps until all that were held are acknowledged, and while a suspect waits behind the
	// others.
	Grouped bool

	frames    []suspectFrame // the suspects, in the order in which they moved behind the others
	failures  int            // connections in a row over which frames were written, but none was acknowledged
	successes int            // connections over which a frame was acknowledged
	stepsLeft bool           // frames held at the last stepwise start have not all been acknowledged
}

// suspectFrame is a frame that moved behind the others.
type suspectFrame struct {
	number uint64
	proofs int // how often others were acknowledged while it waited, and it was not when its turn came
	since  int // PoisonSearch.successes when it moved there
}

const (
	stepwiseAfter  = 3 // connections without an acknowledgement until frames are written in steps, starting with one frame
	moveAfter      = 6 // connections without an acknowledgement until the head moves behind the others
	moveAgainAfter = 2 // the same for a head that is suspected already
	proofsNeeded   = 3
	aloneAfter     = 24 // connections without an acknowledgement until a suspect with one proof is dropped, if there are no other frames
)

// Stepwise reports whether held frames should be written in steps. The peer may have acknowledged those before the one at which it
// hung up, and the answers be lost: when a connection is reset, Windows discards what has arrived and was not read.
func (s *PoisonSearch) Stepwise() bool {
	return s.failures >= stepwiseAfter || s.Grouped && (len(s.frames) > 0 || s.stepsLeft)
}

// Ended notes that the connection has ended.
func (s *PoisonSearch) Ended(w *Window) {
	w.Trim()
	switch {
	case w.Progressed():
		s.failures = 0
		s.successes++
	case w.unsent > w.first:
		s.failures++
	}
	s.frames = slices.DeleteFunc(s.frames, func(f suspectFrame) bool { return f.number < w.first })
	s.stepsLeft = w.first < w.probed
	w.spare = s.failures >= stepwiseAfter || len(s.frames) > 0
}

// Advance evaluates the connections so far, before the next one opens: it moves a suspect behind the others, or drops a poison frame.
// It returns how many frames it dropped: 0 or 1.
func (s *PoisonSearch) Advance(w *Window) (dropped int) {
	w.Trim()
	head := slices.IndexFunc(s.frames, func(f suspectFrame) bool { return f.number == w.first })
	if head < 0 {
		if s.failures >= moveAfter {
			s.moveMore(w)
		}
		return 0
	}
	f := &s.frames[head]
	if s.failures < moveAgainAfter && f.proofs < proofsNeeded {
		return 0
	}
	if f.since < s.successes {
		f.since = s.successes
		f.proofs++
	}
	others := w.Len() > len(s.frames) // else nothing is left to test the peer with
	switch {
	case f.proofs >= proofsNeeded, f.proofs > 0 && !others && s.failures >= aloneAfter:
		s.frames = slices.Delete(s.frames, head, head+1)
		s.failures = 0
		w.Reject()
		_ = w.Acknowledge(w.first)
		w.Trim()
		return 1
	case others:
		s.moveToBack(w, 1)
	}
	return 0
}

// Skips reports whether the peer has acknowledged frames over the present connection, but not the first.
func (s *PoisonSearch) Skips(w *Window) bool {
	w.Trim()
	return w.Len() > 1 && w.ahead.Load() > 0
}

// Skipped notes that the peer has skipped the first frame for a whole timeout. The connection has ended since.
func (s *PoisonSearch) Skipped(w *Window) {
	w.Trim()
	if w.Len() < 2 { // the acknowledgement came at the last moment
		return
	}
	head := slices.IndexFunc(s.frames, func(f suspectFrame) bool { return f.number == w.first })
	if head < 0 {
		head = len(s.frames)
		s.frames = append(s.frames, suspectFrame{number: w.first})
	}
	if s.frames[head].proofs++; s.frames[head].proofs < proofsNeeded {
		s.moveToBack(w, 1)
	}
}

// moveMore moves the first frame behind the others. If one is there already and nothing was acknowledged since, it gets its place
// back, and the first two move, then the first four, and so on; at most all but one, which is left to test the peer with.
func (s *PoisonSearch) moveMore(w *Window) {
	before := s.moveBack(w)
	if most := w.Len() - len(s.frames) - 1; before < most {
		s.moveToBack(w, min(max(1, 2*before), most))
	}
}

// unproven reports whether there is no evidence about f yet.
func (f suspectFrame) unproven(successes int) bool { return f.proofs == 0 && f.since == successes }

// moveToBack moves the first n frames behind the others.
func (s *PoisonSearch) moveToBack(w *Window, n int) {
	first := w.first
	moved := make([]suspectFrame, n)
	s.frames = slices.DeleteFunc(s.frames, func(f suspectFrame) bool {
		goes := f.number-first < uint64(n)
		if goes {
			moved[f.number-first] = f
		}
		return goes
	})
	rotateFirst(w, n)
	for i := range s.frames {
		s.frames[i].number -= uint64(n)
	}
	for i := range moved {
		moved[i].number, moved[i].since = w.Next()-uint64(n-i), s.successes
	}
	s.frames, s.failures = append(s.frames, moved...), 0
}

// moveBack gives the suspects without evidence their places back, and returns how many there were.
func (s *PoisonSearch) moveBack(w *Window) (n int) {
	s.failures = 0
	var unproven []uint64
	proven := s.frames[:0:0]
	for _, f := range s.frames {
		if f.unproven(s.successes) {
			unproven = append(unproven, f.number)
		} else {
			proven = append(proven, f)
		}
	}
	if len(unproven) == 0 {
		return 0
	}
	bringToFront(w, unproven)
	slices.Sort(unproven)
	for i := range proven {
		before, _ := slices.BinarySearch(unproven, proven[i].number)
		proven[i].number += uint64(len(unproven) - before)
	}
	s.frames = proven
	return len(unproven)
}

// rotateFirst moves the n oldest frames behind all others. The numbers of the others fall by n.
func rotateFirst(w *Window, n int) {
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

// bringToFront moves the frames of these numbers before all others, in this order.
func bringToFront(w *Window, numbers []uint64) {
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
