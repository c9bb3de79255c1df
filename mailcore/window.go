package mailcore

import (
	"time"

	"go.uber.org/zap/zapcore"

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
// Nothing is held before the window is open, so a mail that fails then is its caller's to know. A digest that fails stays
// held, and is tried again after a backoff. The nil window holds nothing. The emitter's lock guards it.
type window struct {
	interval time.Duration
	room     int // bytes of text that are held
	ends     func()

	timer   *time.Timer // calls ends when the digest is due; nil before the first
	held    digest
	until   time.Time // open until then
	backoff base.Backoff

	delivered, dropped uint64 // records, in all
}

// holds tells whether a record that comes now is held.
func (w *window) holds(now time.Time) bool {
	return w != nil && (w.held.records > 0 || now.Before(w.until))
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
	if w.held.records == 0 {
		w.wake(w.until.Sub(now))
	}
	w.held.add(level, at, text, subject, w.room)
}

// wake calls ends after d, on a goroutine of its own.
func (w *window) wake(d time.Duration) {
	if w.timer == nil {
		w.timer = time.AfterFunc(d, w.ends)
		return
	}
	w.timer.Reset(d)
}

// sent notes that the digest was sent, and opens the next window.
func (w *window) sent(now time.Time) {
	w.delivered += w.held.records
	w.backoff.Succeeded(now)
	w.next(now.Add(w.interval))
}

// drop gives up the digest and returns how many records that costs. The next record is mailed at once.
func (w *window) drop() uint64 {
	lost := w.held.records
	w.dropped += lost
	w.next(time.Time{})
	return lost
}

// next empties the window, which is open until then.
func (w *window) next(until time.Time) {
	w.held.reset()
	w.timer.Stop()
	w.until = until
}

// failed keeps the digest for another attempt.
func (w *window) failed(now time.Time) {
	w.until = now.Add(min(w.interval, w.backoff.Failed(now)))
	w.wake(w.until.Sub(now))
}
