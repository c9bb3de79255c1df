package mailcore

import (
	"math"
	"slices"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/mailcore/internal/message"
	base "example.com/zaphandlers/zapcore"
)

// window limits the flood: the first record is mailed at once and opens a window; what comes while it is open is held, and
// mailed as one digest when it ends, which opens the next.
//
//	records  x  x xx xxxx xxxxxxxx          x                     x
//	         |  └─── held ──────────┐       └ held ┐              |
//	mails    M                      D              D              M
//	         |←──── interval ──────→|←─ interval ─→|←─ interval ─→|
//
// While the digest is on its way it is outgoing, and what comes then is held for the next. The states:
//
//	          add              take              sent
//	empty ──────────► held ──────────► outgoing ──────► empty
//	                   ▲                  │
//	                   ├── returned ◄─────┤  the server did not take it: one digest again, tried after a backoff
//	                   │                  │
//	                 empty ◄── drop ◄─────┤  refused for good
//	                                      │
//	                outgoing ◄── keep ◄───┘  nobody knows: it is sent again as it is
//
// A digest that is refused for what it says is halved (see flush.go): then the first half is outgoing and the others are parts.
//
// Nothing is held before the window is open, so a mail that fails then is its caller's to know. The nil window holds nothing. The
// emitter's mu guards it; outgoing belongs to who sends.
type window struct {
	interval time.Duration
	room     int // bytes of text that are held, outgoing included
	ends     func()

	timer    *time.Timer // calls ends when a digest is due; nil before the first
	held     message.Digest
	outgoing message.Digest
	parts    []*message.Digest // of one that was refused, the next one last
	refusals int               // of contents, for now, since a mail was taken
	until    time.Time         // open until then
	backoff  base.Backoff

	delivered, dropped uint64 // records, in all
}

func newWindow(cfg Config, ends func()) *window {
	w := &window{interval: cfg.Interval, room: cfg.HeldBytes, ends: ends, backoff: cfg.backoff()}
	w.held.Divisible, w.outgoing.Divisible = true, true
	return w
}

// everythingFits is the room of a digest that keeps all.
const everythingFits = math.MaxInt

// pending returns how many records wait.
func (w *window) pending() uint64 {
	if w == nil {
		return 0
	}
	n := w.held.Records + w.outgoing.Records
	for _, part := range w.parts {
		n += part.Records
	}
	return n
}

// size returns how many bytes of text are on their way.
func (w *window) size() int {
	n := w.outgoing.Size()
	for _, part := range w.parts {
		n += part.Size()
	}
	return n
}

// holds tells whether a record that comes now is held.
func (w *window) holds(now time.Time) bool {
	return w != nil && (w.pending() > 0 || now.Before(w.until))
}

// open notes a mail of that many records, which was sent at once.
func (w *window) open(now time.Time, records int) {
	if w != nil && records > 0 {
		w.delivered += uint64(records)
		w.until = now.Add(w.interval)
	}
}

// add holds a record.
func (w *window) add(now time.Time, level zapcore.Level, at time.Time, text, subject []byte) {
	if w.pending() == 0 {
		w.wake(w.until.Sub(now))
	}
	w.held.Add(level, at, text, subject, w.room-w.size())
}

// wake calls ends after d, on a goroutine of its own.
func (w *window) wake(d time.Duration) {
	if w.timer == nil {
		w.timer = time.AfterFunc(d, w.ends)
		return
	}
	w.timer.Reset(d)
}

// take returns the digest that is to be sent: the one of which nobody knows whether it arrived, or what is held.
func (w *window) take() *message.Digest {
	if w.outgoing.Records == 0 {
		w.held, w.outgoing = w.outgoing, w.held
	}
	return &w.outgoing
}

// sent notes that the outgoing digest was sent, and opens the next window.
func (w *window) sent(now time.Time) {
	w.delivered += w.outgoing.Records
	w.refusals = 0
	w.backoff.Succeeded(now)
	w.outgoing.Reset()
	w.next(now, now.Add(w.interval))
}

// drop gives up the outgoing digest and returns how many records that costs. The next record is mailed at once.
func (w *window) drop(now time.Time) uint64 {
	lost := w.outgoing.Records
	w.dropped += lost
	w.outgoing.Reset()
	w.next(now, time.Time{})
	return lost
}

// halve makes two digests of the outgoing one.
func (w *window) halve() { w.parts = append(w.parts, w.outgoing.Halve()) }

// part makes the next part the outgoing digest, if the one before is done with, and tells whether there is one.
func (w *window) part() bool {
	if last := len(w.parts) - 1; w.outgoing.Records == 0 && last >= 0 {
		w.outgoing = *w.parts[last]
		w.parts = w.parts[:last]
	}
	return w.outgoing.Records > 0
}

// postpone puts the outgoing digest behind all parts.
func (w *window) postpone() {
	behind := w.outgoing
	w.outgoing = message.Digest{Divisible: true}
	w.parts = slices.Insert(w.parts, 0, &behind)
}

// gatherParts puts the parts before what is held, for a later digest.
func (w *window) gatherParts() {
	if len(w.parts) == 0 {
		return
	}
	all := message.Digest{Divisible: true}
	for _, part := range slices.Backward(w.parts) {
		all.AddAll(part)
	}
	all.AddAll(&w.held)
	w.held, w.parts = all, nil
}

// dropAll gives up all that waits and returns how many records that costs.
func (w *window) dropAll() uint64 {
	lost := w.pending()
	w.dropped += lost
	w.parts = nil
	w.held.Reset()
	w.outgoing.Reset()
	w.timer.Stop()
	return lost
}

// next makes the window open until then. What was held meanwhile is due when it ends.
func (w *window) next(now, until time.Time) {
	w.until = until
	if w.held.Records > 0 {
		w.wake(until.Sub(now))
		return
	}
	w.timer.Stop()
}

// returned makes the outgoing digest, which the server did not take, one with what is held.
func (w *window) returned(now time.Time) {
	w.gatherParts()
	w.outgoing.AddAll(&w.held)
	w.held.Reset()
	w.held, w.outgoing = w.outgoing, w.held
	w.retry(now, 0)
}

// retry has the digest tried again after a backoff, but not before after.
func (w *window) retry(now time.Time, after time.Duration) {
	w.gatherParts()
	w.until = now.Add(max(after, min(w.interval, w.backoff.Failed(now))))
	w.wake(w.until.Sub(now))
}
