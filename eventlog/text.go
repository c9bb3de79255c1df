package eventlog

import (
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	// maxUnits is how many UTF-16 units the strings of one event may have together, its data counted at two bytes a unit. Events
	// of 31,700 have been seen refused.
	maxUnits = 31_000
	// maxData is how many bytes of data Windows takes: its documentation of RPC_S_INVALID_BOUND for ReportEvent.
	maxData = 61_440
	// maxStrings is how many strings one event may have.
	maxStrings = 256

	cutMark = "… [cut]"
)

// cutUnits is cutMark, and how long it is.
var cutUnits = utf16.Encode([]rune(cutMark))

// text appends the strings of an event to its frame, as UTF-16 that Windows and the Event Viewer leave as it is. Between
// begin and end any number of pieces make one string.
type text struct {
	b       []byte
	strings int // how many the event has: what an insertion code may mean
	left    int // units that the strings may still have
	start   int // of the string under way
	full    bool
}

func (t *text) begin() { t.start, t.full = len(t.b), false }

// end ends a string with a NUL.
func (t *text) end() {
	t.left -= t.units()
	t.b = append(t.b, 0, 0)
}

// units is how long the string under way is.
func (t *text) units() int { return (len(t.b) - t.start) / 2 }

// appendPiece appends s to the string under way.
func appendPiece[T string | []byte](t *text, s T) {
	for i := 0; i < len(s) && !t.full; {
		if n := plainPrefix(s[i:]); n > 0 {
			appendPlain(t, s[i:i+n])
			i += n
			continue
		}
		if s[i] >= utf8.RuneSelf {
			var head [utf8.UTFMax]byte
			r, size := utf8.DecodeRune(head[:copy(head[:], s[i:])])
			t.rune(r)
			i += size
			continue
		}
		c := s[i]
		i++
		t.unit(visible(c))
		if c == '%' {
			var next [2]byte
			if t.inserts(next[:copy(next[:], s[i:])]) {
				t.unit(zeroWidthSpace)
			}
		}
	}
}

// plainPrefix returns how many bytes, from the first, are ASCII of which each is a unit of its own.
func plainPrefix[T string | []byte](s T) int {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '%' {
			return i
		}
	}
	return len(s)
}

// appendPlain appends all of s, or as much as it takes to see that there is too much.
func appendPlain[T string | []byte](t *text, s T) {
	n := min(len(s), t.left-t.units()+1)
	at := len(t.b)
	t.b = slices.Grow(t.b, 2*n)[:at+2*n]
	for i, out := 0, t.b[at:]; i < n; i++ {
		out[2*i], out[2*i+1] = s[i], 0
	}
	t.fit()
}

// visible is c, or the picture of a control character that the log or those who read it do not take.
func visible(c byte) uint16 {
	switch {
	case c == '\t', c == '\n', c == '\r':
		return uint16(c)
	case c < ' ':
		return 0x2400 + uint16(c)
	case c == 0x7f:
		return 0x2421
	}
	return uint16(c)
}

const zeroWidthSpace = 0x200b

// inserts tells whether a percent sign before next would be taken for an insertion code that stands for something: %n for a
// string that there is, %%n for a parameter, %{…} for an account or a GUID.
func (t *text) inserts(next []byte) bool {
	if len(next) == 0 {
		return false
	}
	switch c := next[0]; c {
	case '{':
		return true
	case '%':
		return len(next) == 2 && isDigit(next[1])
	default: // for %12, too, it is the 1 that counts
		return c != '0' && isDigit(c) && int(c-'0') <= t.strings
	}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (t *text) rune(r rune) {
	if r1, r2 := utf16.EncodeRune(r); r1 != utf8.RuneError {
		t.b = append(t.b, byte(r1), byte(r1>>8), byte(r2), byte(r2>>8))
		t.fit()
		return
	}
	t.unit(uint16(r))
}

func (t *text) unit(u uint16) {
	t.b = append(t.b, byte(u), byte(u>>8))
	t.fit()
}

// fit cuts the string under way, with a mark, if it is longer than what is left. A surrogate pair is kept whole or left out.
func (t *text) fit() {
	if t.units() <= t.left {
		return
	}
	t.full = true
	mark := cutUnits[:min(len(cutUnits), t.left)]
	end := t.start + 2*(t.left-len(mark))
	if end > t.start && isHighSurrogate(t.b[end-2:]) {
		end -= 2
	}
	t.b = t.b[:end]
	for _, u := range mark {
		t.b = append(t.b, byte(u), byte(u>>8))
	}
}

// isHighSurrogate tells whether the unit that b begins with is the first of a pair.
func isHighSurrogate(b []byte) bool { return b[1]>>2 == 0xd8>>2 }
