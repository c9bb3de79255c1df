package zapcore

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// outage is one failure from its beginning to its end. It reads no clock. The Reporter's lock guards it.
//
//	works ──fail──► failing ──succeed──► holding ──(held)──► works
//	                   ▲────────fail────────┘
type outage struct {
	failing  bool
	last     string   // the text of the last error
	told     []string // the errors told, without their numbers; at most maxTold
	records  uint64   // it has cost
	failures uint64
	serial   uint64 // of the last failure, in all outages

	timer *time.Timer   // runs while a success has yet to hold
	ended time.Time     // when the last one was over
	hold  time.Duration // how long a success has to hold; 0: not at all
}

const (
	maxTold   = 8                // different errors that are told while one outage lasts
	holdStart = time.Second      // after a failure that came back, doubled each time it does
	holdMax   = 30 * time.Second // up to this
)

// fail notes a failure and returns whether it is new.
func (o *outage) fail(err error, records int, now time.Time) bool {
	o.cancel()
	if !o.failing && !o.ended.IsZero() {
		if now.Sub(o.ended) < max(o.hold, holdStart) {
			o.hold = min(max(2*o.hold, holdStart), holdMax)
		} else {
			o.hold = 0
		}
	}
	o.failing = true
	o.records += uint64(records)
	o.failures++
	o.serial++
	text := cause(err).Error()
	if text == o.last {
		return false
	}
	o.last = text
	text = withoutNumbers(text)
	if len(o.told) == maxTold || slices.Contains(o.told, text) {
		return false
	}
	o.told = append(o.told, text)
	return true
}

// end forgets all but how long the next success has to hold.
func (o *outage) end(now time.Time) {
	*o = outage{ended: now, hold: o.hold, told: o.told[:0], serial: o.serial}
}

// cancel has a success that has yet to hold forgotten.
func (o *outage) cancel() {
	if o.timer != nil {
		o.timer.Stop()
		o.timer = nil
	}
}

// cause returns what is behind err: to be told to wait because of an error is that error again.
func cause(err error) error {
	for {
		switch e := err.(type) {
		case *backoffError:
			err = e.err
		case *RetryError:
			if e.Err == nil {
				return err
			}
			err = e.Err
		default:
			return err
		}
	}
}

// withoutNumbers returns a text that is the same for errors which differ in no more than a port of our own, a time, a duration,
// a message's id: each word with a digit in it becomes a "#", but for the address of a peer and a status of three digits.
func withoutNumbers(text string) string {
	if !strings.ContainsAny(text, "0123456789") {
		return text
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n()<>\",;=", r) && r != '>' })
	for i, word := range words {
		if _, peer, connected := strings.Cut(word, "->"); connected {
			word = peer
		}
		word = strings.TrimRight(word, ":.")
		if strings.ContainsAny(word, "0123456789") && !isStatus(word) && !isAddress(word) {
			word = "#"
		}
		words[i] = word
	}
	return strings.Join(words, " ")
}

func isStatus(word string) bool {
	return len(word) == 3 && strings.Trim(word, "0123456789") == ""
}

func isAddress(word string) bool {
	if _, err := netip.ParseAddrPort(word); err == nil {
		return true
	}
	_, err := netip.ParseAddr(strings.Trim(word, "[]"))
	return err == nil
}

// maxNotes is how many errors wait for the user's function at most: one that never returns must not cost the process its memory.
const maxNotes = 64

// notes are errors that have yet to be told, in order. The Reporter's lock guards them.
type notes struct {
	waiting []error
	omitted int // the oldest, which made room
}

func (n *notes) add(err error) {
	if len(n.waiting) == maxNotes {
		n.waiting = append(n.waiting[:0], n.waiting[1:]...)
		n.omitted++
	}
	n.waiting = append(n.waiting, err)
}

// take removes and returns the oldest, or what says that older ones were left out; nil if there is none.
func (n *notes) take(name string) (err error) {
	if n.omitted > 0 {
		err = fmt.Errorf("%s: OnError has not returned for long: %s not told", name, count(uint64(n.omitted), "error was", "errors were"))
		n.omitted = 0
		return err
	}
	if len(n.waiting) == 0 {
		n.waiting = nil
		return nil
	}
	err = n.waiting[0]
	n.waiting[0], n.waiting = nil, n.waiting[1:]
	return err
}

// len returns how many take has yet to return.
func (n *notes) len() int { return len(n.waiting) + min(n.omitted, 1) }
