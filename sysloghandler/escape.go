package sysloghandler

import (
	"unicode/utf8"
	"unsafe"
)

// marker ends a text that was cut.
const marker = "..."

// What to do with a byte of a text.
const (
	copied       uint8 = iota
	backslashed        // put behind a backslash: RFC 5424 section 6.3.3
	escaped            // written as \n, \r, \t or \x00
	escapedTwice       // the same with its backslash doubled, so that a parser of structured data returns \n
	multibyte          // part of a rune of several bytes, or invalid
)

// escaping says what to do with each byte of a text. It is immutable.
type escaping struct {
	action      [256]uint8
	value       bool // for structured data: quotes, backslashes and closing brackets are escaped
	allControls bool // all control characters are escaped

	quote, bracket, del uint64 // what words looks for: eight times a quote, a closing bracket, DEL; 0 if that is copied
}

// newEscaping returns the escaping for a value of structured data, or for a message. A NUL is always escaped, because many daemons
// take it for the end. If a byte marks the end of frames, line breaks are escaped too: some daemons stop at either mark, whichever is
// in use.
func newEscaping(value, marked bool) *escaping {
	e, escape := &escaping{value: value}, escaped
	for c := utf8.RuneSelf; c < len(e.action); c++ {
		e.action[c] = multibyte
	}
	if value {
		escape = escapedTwice
		e.quote, e.bracket = '"'*lanes, ']'*lanes
		e.action['"'], e.action['\\'], e.action[']'] = backslashed, backslashed, backslashed
	}
	e.action[0] = escape
	if marked {
		e.action['\n'], e.action['\r'] = escape, escape
	}
	return e
}

// visible returns e with all control characters escaped.
func (e *escaping) visible() *escaping {
	v := *e
	v.allControls = true
	for c := range v.action[:' '] {
		v.action[c] = v.action[0]
	}
	v.action[del], v.del = v.action[0], del*lanes
	return &v
}

const del = 0x7f

// appendUpTo appends s. What does not fit into limit bytes of dst is replaced by marker. It reports whether all of s fitted.
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

// append appends as much of s as fits into limit bytes of dst, without splitting a rune or an escape. Invalid UTF-8 becomes U+FFFD.
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

// run returns how many bytes at the beginning of s are copied unchanged.
func (e *escaping) run(s string) int {
	i := e.words(s)
	for i < len(s) {
		switch e.action[s[i]] {
		case copied:
			i++
		case multibyte:
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 || e.allControls && r < 0xa0 {
				return i
			}
			i += size
		default:
			return i
		}
	}
	return len(s)
}

// words returns how many bytes at the beginning of s are surely copied. It looks at eight bytes at once. The last eight overlap those
// before, so a text of four bytes or more usually needs nothing else.
//
// The result of others has the top bit of a byte's lane set if the byte is not copied: it was beyond ASCII, or it underflows when a
// space is subtracted, or when one is subtracted after it was made zero. A subtraction may borrow from the byte above, which is then
// only looked at again.
func (e *escaping) words(s string) int {
	quote, bracket, del := e.quote, e.bracket, e.del
	others := func(x uint64) uint64 {
		return (x | (x - ' '*lanes) | ((x ^ quote) - lanes) | ((x | lanes) ^ bracket - lanes) | ((x ^ del) - lanes)) & tops
	}
	switch n := len(s); {
	case n >= 8:
		i := 0
		for ; i <= n-8; i += 8 {
			if others(load64(s, i)) != 0 {
				return i
			}
		}
		if i < n && others(load64(s, n-8)) != 0 {
			return i
		}
		return n
	case n >= 4:
		if others(uint64(load32(s, 0))|uint64(load32(s, n-4))<<32) == 0 {
			return n
		}
	}
	return 0
}

// Eight bytes are looked at together. Each is a lane of a 64-bit word, whose top bit holds the answer.
const (
	lanes = 0x0101010101010101
	tops  = 0x80 * lanes
)

// load64 returns the eight bytes of s at i. The compiler makes one load of it.
func load64(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func load32(s string, i int) uint32 {
	s = s[i : i+4]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

// runesIn returns the largest length up to limit that does not split a rune of s.
func runesIn(s string, limit int) int {
	n := max(limit, 0)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return n
}

func (e *escaping) appendSpecial(dst []byte, c byte) []byte {
	switch e.action[c] {
	case backslashed:
		return append(dst, '\\', c)
	case multibyte:
		return append(dst, "\uFFFD"...)
	case escapedTwice:
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

// isC1 reports whether s begins with a control character of U+0080 to U+009F that is escaped.
func (e *escaping) isC1(s string) bool {
	return e.allControls && len(s) > 1 && s[0] == 0xc2 && 0x80 <= s[1] && s[1] < 0xa0
}

// appendC1 appends U+00NN as \u00NN.
func (e *escaping) appendC1(dst []byte, c byte) []byte {
	if e.value {
		dst = append(dst, '\\')
	}
	return append(dst, '\\', 'u', '0', '0', lowerHex[c>>4], lowerHex[c&15])
}

// text returns b as a string that aliases it.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
