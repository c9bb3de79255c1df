package sysloghandler

import (
	"unicode/utf8"
	"unsafe"

	"example.com/zaphandlers/internal/words"
)

// marker ends a text that was cut.
const marker = "..."

// What is to be done with a byte of a text.
const (
	copied   uint8 = iota
	quoted         // put behind a backslash: RFC 5424 section 6.3.3
	spelled        // written as \n, \r, \t or \x00
	spelled2       // the same with its backslash doubled, so that a parser of structured data gives it back as \n
	encoded        // part of a rune of more than one byte, or of none
)

// escaping says what is to be done with each byte of a text. It is immutable.
type escaping struct {
	todo  [256]uint8
	value bool // of structured data: quotes, backslashes and closing brackets are not copied
	seen  bool // control characters are written so that they can be seen

	quote, bracket, del uint64 // what words looks for: eight times a quote, a closing bracket, DEL; 0: that is copied
}

// newEscaping returns the escaping for a value of structured data or for a message. A NUL is always spelled: many daemons take it
// for the end. If frames are marked by a byte, newlines are spelled as well: whichever byte marks them, there are daemons that
// stop at either.
func newEscaping(value, marked bool) *escaping {
	e, spell := &escaping{value: value}, spelled
	for c := utf8.RuneSelf; c < len(e.todo); c++ {
		e.todo[c] = encoded
	}
	if value {
		spell = spelled2
		e.quote, e.bracket = '"'*lanes, ']'*lanes
		e.todo['"'], e.todo['\\'], e.todo[']'] = quoted, quoted, quoted
	}
	e.todo[0] = spell
	if marked {
		e.todo['\n'], e.todo['\r'] = spell, spell
	}
	return e
}

// visible returns e with all control characters spelled.
func (e *escaping) visible() *escaping {
	v := *e
	v.seen = true
	for c := range v.todo[:' '] {
		v.todo[c] = v.todo[0]
	}
	v.todo[del], v.del = v.todo[0], del*lanes
	return &v
}

const del = 0x7f

// appendUpTo appends s, and a marker in place of what does not fit into limit bytes of dst. It tells whether all of it did.
func (e *escaping) appendUpTo(dst []byte, s string, limit int) (_ []byte, whole bool) {
	start := len(dst)
	if dst, whole = e.append(dst, s, limit); whole {
		return dst, true
	}
	dst, _ = e.append(dst[:start], s, limit-len(marker))
	if len(dst)+len(marker) <= limit {
		dst = append(dst, marker...)
	}
	return dst, false
}

// append appends s as far as it fits into limit bytes of dst, cutting neither a rune nor an escape. Bytes that are not UTF-8
// become U+FFFD.
func (e *escaping) append(dst []byte, s string, limit int) (_ []byte, whole bool) {
	for {
		n := e.run(s)
		room := limit - len(dst)
		if n > room {
			return append(dst, s[:runesIn(s, room)]...), false
		}
		dst = append(dst, s[:n]...)
		if n == len(s) {
			return dst, true
		}
		before, size := len(dst), 1
		if e.isC1(s[n:]) {
			dst, size = e.appendC1(dst, s[n+1]), 2
		} else {
			dst = e.appendSpecial(dst, s[n])
		}
		if len(dst) > limit {
			return dst[:before], false
		}
		s = s[n+size:]
	}
}

// run returns how much of s is copied as it is.
func (e *escaping) run(s string) int {
	i := e.words(s)
	for i < len(s) {
		switch e.todo[s[i]] {
		case copied:
			i++
		case encoded:
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 || e.seen && r < 0xa0 {
				return i
			}
			i += size
		default:
			return i
		}
	}
	return len(s)
}

// words returns how much of s is surely copied, having looked at eight bytes together. The last eight of them overlap those before, so
// that a text of four bytes or more is done as a whole, as a rule.
//
// A byte that is not has the top bit of its lane in what others returns: it was beyond ASCII, or goes below zero by the subtraction
// of a space, or of one where it was made zero. Taking from it may borrow from the byte above, which then is looked at again.
func (e *escaping) words(s string) int {
	quote, bracket, del := e.quote, e.bracket, e.del
	others := func(x uint64) uint64 {
		return (x | (x - ' '*lanes) | ((x ^ quote) - lanes) | ((x | lanes) ^ bracket - lanes) | ((x ^ del) - lanes)) & tops
	}
	switch n := len(s); {
	case n >= 8:
		i := 0
		for ; i <= n-8; i += 8 {
			if others(words.Load64(s, i)) != 0 {
				return i
			}
		}
		if i < n && others(words.Load64(s, n-8)) != 0 {
			return i
		}
		return n
	case n >= 4:
		if others(uint64(words.Load32(s, 0))|uint64(words.Load32(s, n-4))<<32) == 0 {
			return n
		}
	}
	return 0
}

// Eight bytes at once: each is a lane of a 64-bit word, of which the top bit tells the answer.
const (
	lanes = 0x0101010101010101
	tops  = 0x80 * lanes
)

// runesIn returns the most bytes of s, up to limit, that cut no rune.
func runesIn(s string, limit int) int {
	n := max(limit, 0)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return n
}

func (e *escaping) appendSpecial(dst []byte, c byte) []byte {
	switch e.todo[c] {
	case quoted:
		return append(dst, '\\', c)
	case encoded:
		return append(dst, "\uFFFD"...)
	case spelled2:
		dst = append(dst, '\\')
	}
	switch c {
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	default:
		return append(dst, '\\', 'x', lowerHex[c>>4], lowerHex[c&15])
	}
}

const lowerHex = "0123456789abcdef"

// isC1 tells whether s begins with a control character beyond ASCII, U+0080 to U+009F, that is to be seen.
func (e *escaping) isC1(s string) bool {
	return e.seen && len(s) > 1 && s[0] == 0xc2 && 0x80 <= s[1] && s[1] < 0xa0
}

// appendC1 appends U+00NN as \u00NN.
func (e *escaping) appendC1(dst []byte, c byte) []byte {
	if e.value {
		dst = append(dst, '\\')
	}
	return append(dst, '\\', 'u', '0', '0', lowerHex[c>>4], lowerHex[c&15])
}

// text is b as a string that aliases it.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
