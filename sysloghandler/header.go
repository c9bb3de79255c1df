package sysloghandler

import (
	"unicode/utf8"

	"example.com/zaphandlers/internal/words"
)

// The longest values of the header, in bytes: RFC 5424 section 6.
const (
	maxHostname = 255
	maxAppName  = 48
	maxProcID   = 128
	maxMsgID    = 32
)

// maxName is the longest SD-NAME, in bytes: RFC 5424 section 6.
const maxName = 32

// nilValue stands for a value that there is not.
const nilValue = "-"

// nameBytes are those which an SD-NAME may hold: printable ASCII but for = ] " and the space; [ is left out as well, because
// syslog-ng loses a parameter with one in its name. headerBytes are those of a header value, tagBytes those of an RFC 3164
// tag, which ends at the first colon or bracket.
var (
	headerBytes = printableBut("")
	nameBytes   = printableBut(`="[]`)
	tagBytes    = printableBut(`:[]`)
)

func printableBut(others string) (set [256]bool) {
	for c := '!'; c <= '~'; c++ {
		set[c] = true
	}
	for _, c := range others {
		set[c] = false
	}
	return set
}

// appendClean appends value with an underscore for each rune that is not of the set, and no more than limit bytes of it.
// Nothing becomes nilValue.
func appendClean(dst []byte, value string, set *[256]bool, limit int) []byte {
	if value == "" {
		return append(dst, nilValue...)
	}
	if len(value) <= limit && isOf(value, set) {
		return append(dst, value...)
	}
	for i := 0; i < len(value) && limit > 0; limit-- {
		if c := value[i]; c < utf8.RuneSelf {
			if !set[c] {
				c = '_'
			}
			dst = append(dst, c)
			i++
			continue
		}
		_, size := utf8.DecodeRuneInString(value[i:])
		dst = append(dst, '_')
		i += size
	}
	return dst
}

func clean(value string, set *[256]bool, limit int) string {
	return string(appendClean(nil, value, set, limit))
}

// isOf tells whether all bytes of s are in the set.
func isOf(s string, set *[256]bool) bool {
	for i := range len(s) {
		if !set[s[i]] {
			return false
		}
	}
	return true
}

// isName tells whether s is an SD-NAME of nameBytes. It looks at eight bytes together, as escaping.words does.
func isName(s string) bool {
	const quote, equals, opening, closing, del = '"' * lanes, '=' * lanes, '[' * lanes, ']' * lanes, del * lanes
	others := func(x uint64) uint64 {
		return x | (x - '!'*lanes) | ((x ^ quote) - lanes) | ((x ^ equals) - lanes) | ((x ^ opening) - lanes) |
			((x ^ closing) - lanes) | ((x ^ del) - lanes)
	}
	n := len(s)
	switch {
	case n > maxName || n == 0:
		return false
	case n >= 8:
		all := others(words.Load64(s, n-8))
		for i := 0; i < n-8; i += 8 {
			all |= others(words.Load64(s, i))
		}
		if all&tops == 0 {
			return true
		}
	case n >= 4:
		if others(uint64(words.Load32(s, 0))|uint64(words.Load32(s, n-4))<<32)&tops == 0 {
			return true
		}
	}
	return isOf(s, &nameBytes)
}

// nameKept is how much of a name that is too long stays: the rest of maxName is a ~ and eight digits that tell it from others
// with the same beginning.
const nameKept = maxName - 9

// appendName appends a name made of prefix and key, mapped to one that RFC 5424 allows.
func appendName(dst, prefix []byte, key string) []byte {
	start := len(dst)
	dst = append(append(dst, prefix...), key...)
	name := dst[start:]
	if isName(text(name)) {
		return dst
	}
	if len(name) == 0 {
		return append(dst, '_')
	}
	if len(name) > maxName {
		hash := fnv32a(name)
		for i := range 8 {
			name[nameKept+1+i] = "0123456789abcdef"[hash>>(28-4*i)&15]
		}
		name[nameKept] = '~'
		name = name[:maxName]
	}
	for i, c := range name {
		if !nameBytes[c] {
			name[i] = '_'
		}
	}
	return dst[:start+len(name)]
}

// replaceDots puts separator in the place of each dot.
func replaceDots(name []byte, separator byte) {
	for i, c := range name {
		if c == '.' {
			name[i] = separator
		}
	}
}

// What a hash of FNV-1a begins with, and what it is multiplied with for each byte.
const (
	fnvBasis = 2166136261
	fnvPrime = 16777619
)

// fnv32a is hash/fnv's New32a without the allocation.
func fnv32a(b []byte) uint32 {
	h := uint32(fnvBasis)
	for _, c := range b {
		h = (h ^ uint32(c)) * fnvPrime
	}
	return h
}
