package jsonenc

import (
	"encoding/binary"
	"unicode/utf8"
	"unsafe"

	"example.com/zaphandlers/zapcore/internal/tape"
)

// AppendString appends s as a quoted JSON string, escaped as by zap's JSON encoder: invalid UTF-8 becomes \ufffd.
func AppendString[T string | []byte](dst []byte, s T) []byte {
	if text, ok := any(s).([]byte); ok {
		return appendString(dst, unsafe.String(unsafe.SliceData(text), len(text)))
	}
	return appendString(dst, string(s))
}

// appendSeparator appends a comma, unless b ends with the beginning of an object, an array or a value.
func appendSeparator(b []byte) []byte {
	switch b[len(b)-1] {
	case '{', '[', ':':
		return b
	}
	return append(b, ',')
}

// keyRoom is what a comma, the quotes of a key and a colon take.
const keyRoom = 4

// appendKey appends the name of a member and a colon, after a comma if it needs one.
func appendKey(b []byte, key string) []byte {
	if cap(b)-len(b) < len(key)+keyRoom {
		b = grow(b, len(key)+keyRoom)
	}
	n := len(b)
	to := unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), n)
	if b[n-1] != '{' {
		*(*byte)(to) = ','
		to = unsafe.Add(to, 1)
		n++
	}
	*(*byte)(to) = '"'
	if special := putText(unsafe.Add(to, 1), key); special&highBits != 0 {
		return append(appendEscaped(b[:n+1], key), '"', ':')
	}
	*(*[2]byte)(unsafe.Add(to, 1+len(key))) = [2]byte{'"', ':'}
	return b[:n+len(key)+3]
}

// appendString is AppendString for strings. Most need no escape, so it copies s while it checks the bytes. If one of them is special,
// appendEscaped writes all of s again.
func appendString(b []byte, s string) []byte {
	if cap(b)-len(b) < len(s)+2 {
		b = grow(b, len(s)+2)
	}
	n := len(b)
	to := unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), n)
	*(*byte)(to) = '"'
	if special := putText(unsafe.Add(to, 1), s); special&highBits != 0 {
		return append(appendEscaped(b[:n+1], s), '"')
	}
	*(*byte)(unsafe.Add(to, 1+len(s))) = '"'
	return b[:n+len(s)+2]
}

// putText copies s to memory with room for it, and checks eight bytes at a time; the last eight overlap those before.
// The result has a bit of highBits set if a byte of s is special.
func putText(to unsafe.Pointer, s string) (special uint64) {
	n := len(s)
	switch {
	case n >= 8:
		last := tape.Load64(s, n-8)
		special = specials(last)
		for i := 0; i < n-8; i += 8 {
			eight := tape.Load64(s, i)
			special |= specials(eight)
			put8(unsafe.Add(to, i), eight)
		}
		put8(unsafe.Add(to, n-8), last)
	case n >= 4:
		first, last := tape.Load32(s, 0), tape.Load32(s, n-4)
		special = specials(uint64(first) | uint64(last)<<32)
		put4(to, first)
		put4(unsafe.Add(to, n-4), last)
	case n > 0:
		first, middle, last := s[0], s[n/2], s[n-1]
		*(*byte)(to), *(*byte)(unsafe.Add(to, n/2)), *(*byte)(unsafe.Add(to, n-1)) = first, middle, last
		special = specials(three(first, middle, last))
	}
	return special
}

// put2, put4 and put8 write an integer, little-endian.
func put2(to unsafe.Pointer, v uint16) { binary.LittleEndian.PutUint16((*[2]byte)(to)[:], v) }
func put4(to unsafe.Pointer, v uint32) { binary.LittleEndian.PutUint32((*[4]byte)(to)[:], v) }
func put8(to unsafe.Pointer, v uint64) { binary.LittleEndian.PutUint64((*[8]byte)(to)[:], v) }

const (
	eachByte = 0x0101010101010101
	highBits = 0x80 * eachByte
)

// specials returns a value with a high bit set if one of the eight bytes of v is special: below 0x20, a quote, a backslash or not ASCII.
// Subtracting 0x20 from a byte below it, or 1 from a byte that is zero because it was a quote or a backslash, sets its high bit; that may
// borrow from the byte above, which does no harm.
func specials(v uint64) uint64 {
	return v | (v - ' '*eachByte) | ((v ^ '"'*eachByte) - eachByte) | ((v ^ '\\'*eachByte) - eachByte)
}

// three is eight bytes of which three count.
func three(first, middle, last byte) uint64 {
	return 'a'*(eachByte&^0xffffff) | uint64(first) | uint64(middle)<<8 | uint64(last)<<16
}

// isPlain holds, for each byte, whether it needs no escape.
var isPlain = func() (table [256]bool) {
	for c := byte(' '); c < utf8.RuneSelf; c++ {
		table[c] = c != '"' && c != '\\'
	}
	return table
}()

// appendEscaped appends s with the escapes of a JSON string.
func appendEscaped(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	plain := 0 // start of the bytes that need no escape
	for i := 0; i < len(s); {
		c := s[i]
		if isPlain[c] {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			if r, size := utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		b = append(b, s[plain:i]...)
		switch {
		case c >= utf8.RuneSelf:
			b = append(b, `\ufffd`...)
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c == '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		plain = i
	}
	return append(b, s[plain:]...)
}
