package zapcore

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// outage is one failure, from its first error to a success that holds. It reads no clock. The Reporter's lock guards it.
//
//	works ──fail──► failing ──succeed──► holding ──(held)──► works
//	                   ▲────────fail────────┘
type outage struct {
	failing  bool
	last     string   // the text of the last error
	reported []string // texts of the errors that were reported, without their numbers; at most maxReported
	records  uint64   // lost because of it
	failures uint64
	serial   uint64 // number of the last failure; goes on from one outage to the next

	timer *time.Timer   // runs while a success has yet to hold
	ended time.Time     // when the outage before this one was over
	hold  time.Duration // how long a success has to hold; 0: not at all
}

const (
	maxReported = 8                // different errors that are reported in one outage
	holdStart   = time.Second      // how long a success has to hold after a failure that came back; doubled each time it comes back
	holdMax     = 30 * time.Second // the most that is doubled to
)

// fail notes a failure, and returns whether it is to be reported: it is unlike those before.
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
	if len(o.reported) == maxReported || slices.Contains(o.reported, text) {
		return false
	}
	o.reported = append(o.reported, text)
	return true
}

// end ends the outage. Only hold and serial are kept for the next one.
func (o *outage) end(now time.Time) {
	*o = outage{ended: now, hold: o.hold, reported: o.reported[:0], serial: o.serial}
}

// cancel forgets a success that has yet to hold.
func (o *outage) cancel() {
	if o.timer != nil {
		o.timer.Stop()
		o.timer = nil
	}
}

// cause returns the error behind a backoffError or a RetryError: to wait because of an error is no new error.
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

// withoutNumbers returns the same text for errors that differ only in a local port, a time, a duration or a message id: it replaces
// each word that has a digit by "#", except the address of a peer and a status of three digits.
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

// maxNotes is how many errors wait for OnError at most. An OnError that never returns must not use up the memory of the process.
const maxNotes = 64

// notes are the errors that OnError has yet to get, in order. The Reporter's lock guards them.
type notes struct {
	waiting []error
	omitted int // how many were left out, the oldest ones, to make room
}

func (n *notes) add(err error) {
	if len(n.waiting) == maxNotes {
		n.waiting = append(n.waiting[:0], n.waiting[1:]...)
		n.omitted++
	}
	n.waiting = append(n.waiting, err)
}

// take removes and returns the next error for OnError: one that says how many were left out, else the oldest; nil if there is none.
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

// len returns how many errors take has yet to return.
func (n *notes) len() int { return len(n.waiting) + min(n.omitted, 1) }
