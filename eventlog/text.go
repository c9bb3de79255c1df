package eventlog

import (
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	// maxUnits is how many UTF-16 units all strings of one event may have together; each two bytes of data count as a unit. Events
	// of 31,700 units were refused.
	maxUnits = 31_000
	// maxData is how many bytes of data Windows accepts, by its documentation of RPC_S_INVALID_BOUND for ReportEvent.
	maxData = 61_440
	// maxStrings is how many strings one event may have.
	maxStrings = 256

	cutMark = "… [cut]"
)

// cutUnits is cutMark in UTF-16.
var cutUnits = utf16.Encode([]rune(cutMark))

// text appends the strings of an event to its frame, as UTF-16 that Windows and the Event Viewer do not change. A string consists of the
// pieces between begin and end.
type text struct {
	b       []byte
	strings int  // how many strings the event has: the highest insertion code that means something
	left    int  // units for which there is room, the string under way included
	start   int  // of the string under way
	full    bool // the string under way was cut
}

func (t *text) begin() { t.start, t.full = len(t.b), false }

// end ends a string with a NUL.
func (t *text) end() {
	t.left -= t.units()
	t.b = append(t.b, 0, 0)
}

// units is the length of the string under way.
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

// plainPrefix returns the length of the prefix of printable ASCII without percent signs: each byte of it is one unit.
func plainPrefix[T string | []byte](s T) int {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '%' {
			return i
		}
	}
	return len(s)
}

// appendPlain appends a plain prefix. It copies at most one unit more than there is room for, so that fit cuts the string.
func appendPlain[T string | []byte](t *text, s T) {
	n := min(len(s), t.left-t.units()+1)
	at := len(t.b)
	t.b = slices.Grow(t.b, 2*n)[:at+2*n]
	for i, out := 0, t.b[at:]; i < n; i++ {
		out[2*i], out[2*i+1] = s[i], 0
	}
	t.fit()
}

// visible returns c, or its picture if it is a control character that the log or its readers do not accept.
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

// inserts reports whether a percent sign before next would be taken for an insertion code: %n for an existing string, %%n for a
// parameter, %{…} for an account or a GUID.
func (t *text) inserts(next []byte) bool {
	if len(next) == 0 {
		return false
	}
	switch c := next[0]; c {
	case '{':
		return true
	case '%':
		return len(next) == 2 && isDigit(next[1])
	default: // in %12, too, only the 1 counts
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

// fit cuts the string under way, with a mark, if there is no room for it. A surrogate pair is kept whole or left out.
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

// isHighSurrogate reports whether the first unit of b is the first one of a surrogate pair.
func isHighSurrogate(b []byte) bool { return b[1]>>2 == 0xd8>>2 }
