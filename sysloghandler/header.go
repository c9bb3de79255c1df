package sysloghandler

import "unicode/utf8"

// The lengths of the longest header values, in bytes: RFC 5424 section 6.
const (
	maxHostname = 255
	maxAppName  = 48
	maxProcID   = 128
	maxMsgID    = 32
)

// maxName is the length of the longest SD-NAME, in bytes: RFC 5424 section 6.
const maxName = 32

// nilValue stands for a missing value.
const nilValue = "-"

// The bytes that may stand in a header value, in an SD-NAME, and in the tag of RFC 3164, which ends at the first colon or bracket. An
// SD-NAME may contain printable ASCII except = ] " and the space; [ is excluded too, because syslog-ng loses a parameter with one.
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

// appendClean appends up to limit bytes of value, with an underscore in place of each rune that is not in set. An empty value becomes
// nilValue.
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

// isOf reports whether all bytes of s are in set.
func isOf(s string, set *[256]bool) bool {
	for i := range len(s) {
		if !set[s[i]] {
			return false
		}
	}
	return true
}

// isName reports whether s is an SD-NAME of nameBytes. It looks at eight bytes at once, like escaping.words.
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
		all := others(load64(s, n-8))
		for i := 0; i < n-8; i += 8 {
			all |= others(load64(s, i))
		}
		if all&tops == 0 {
			return true
		}
	case n >= 4:
		if others(uint64(load32(s, 0))|uint64(load32(s, n-4))<<32)&tops == 0 {
			return true
		}
	}
	return isOf(s, &nameBytes)
}

// nameKept is how much is kept of a name that is too long. The rest of maxName is a ~ and a hash of eight digits, which distinguishes
// names with the same beginning.
const nameKept = maxName - 9

// appendName appends the name made of prefix and key, mapped to one that RFC 5424 allows.
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

// replaceDots replaces each dot by separator.
func replaceDots(name []byte, separator byte) {
	for i, c := range name {
		if c == '.' {
			name[i] = separator
		}
	}
}

// The offset basis and the prime of FNV-1a.
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
