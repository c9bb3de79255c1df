package mailcore

import (
	"math"
	"slices"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/mailcore/internal/message"
	base "example.com/zaphandlers/zapcore"
)

// window limits the flood. The first record is mailed at once and opens a window. Records that come while it is open are held, and
// mailed as one digest at its end, which opens the next:
//
//	records  x  x xx xxxx xxxxxxxx          x                     x
//	         |  └─── held ──────────┐       └ held ┐              |
//	mails    M                      D              D              M
//	         |←──── interval ──────→|←─ interval ─→|←─ interval ─→|
//
// A digest being sent is outgoing; records that come meanwhile are held for the next. The states:
//
//	          add              take              sent
//	empty ──────────► held ──────────► outgoing ──────► empty
//	                   ▲                  │
//	                   ├── returned ◄─────┤  the server did not take it: one digest again, tried after a backoff
//	                   │                  │
//	                 empty ◄── drop ◄─────┤  refused for good
//	                                      │
//	                outgoing ◄── retry ◄──┘  it may have arrived: it is sent again unchanged
//
// A digest whose content is refused is halved (see search.go): then the first half is outgoing, and the others are parts.
//
// Nothing is held before a window is open, so the caller learns of a mail that fails then. The nil window holds nothing. The
// emitter's mu guards a window; outgoing belongs to the holder of the emitter's sending.
type window struct {
	interval time.Duration
	room     int // bytes of text that may be held, outgoing included
	ends     func()

	timer    *time.Timer // calls ends when a digest is due; nil until the first
	held     message.Digest
	outgoing message.Digest
	parts    []*message.Digest // of a refused digest; the next one is last
	refusals int               // temporary refusals of content since a mail was taken
	until    time.Time         // the window is open until then
	backoff  base.Backoff

	delivered, dropped uint64 // records, in total
}

func newWindow(cfg Config, ends func()) *window {
	w := &window{interval: cfg.Interval, room: cfg.HeldBytes, ends: ends, backoff: cfg.backoff()}
	w.held.Divisible, w.outgoing.Divisible = true, true
	return w
}

// everythingFits is the room of a digest without a limit.
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

// size returns how many bytes of text are outgoing.
func (w *window) size() int {
	n := w.outgoing.Size()
	for _, part := range w.parts {
		n += part.Size()
	}
	return n
}

// holds reports whether a record that comes now is held.
func (w *window) holds(now time.Time) bool {
	return w != nil && (w.pending() > 0 || now.Before(w.until))
}

// open notes that a mail of that many records was sent at once.
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

// take returns the digest to send: the one that may have arrived, or what is held.
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

// drop gives up the outgoing digest, and returns how many records that costs. The next record is mailed at once.
func (w *window) drop(now time.Time) uint64 {
	lost := w.outgoing.Records
	w.dropped += lost
	w.outgoing.Reset()
	w.next(now, time.Time{})
	return lost
}

// halve divides the outgoing digest in two.
func (w *window) halve() { w.parts = append(w.parts, w.outgoing.Halve()) }

// part makes the next part the outgoing digest, if the one before is done, and reports whether there is an outgoing digest.
func (w *window) part() bool {
	if last := len(w.parts) - 1; w.outgoing.Records == 0 && last >= 0 {
		w.outgoing = *w.parts[last]
		w.parts = w.parts[:last]
	}
	return w.outgoing.Records > 0
}

// postpone moves the outgoing digest behind all parts.
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

// dropAll gives up everything that waits, and returns how many records that costs.
func (w *window) dropAll() uint64 {
	lost := w.pending()
	w.dropped += lost
	w.parts = nil
	w.held.Reset()
	w.outgoing.Reset()
	w.timer.Stop()
	return lost
}

// next opens the window until until. What was held meanwhile is due then.
func (w *window) next(now, until time.Time) {
	w.until = until
	if w.held.Records > 0 {
		w.wake(until.Sub(now))
		return
	}
	w.timer.Stop()
}

// returned joins the outgoing digest, which the server did not take, with what is held.
func (w *window) returned(now time.Time) {
	w.gatherParts()
	w.outgoing.AddAll(&w.held)
	w.held.Reset()
	w.held, w.outgoing = w.outgoing, w.held
	w.retry(now, 0)
}

// retry schedules another attempt after a backoff, but not before after has passed.
func (w *window) retry(now time.Time, after time.Duration) {
	w.gatherParts()
	w.until = now.Add(max(after, min(w.interval, w.backoff.Failed(now))))
	w.wake(w.until.Sub(now))
}
