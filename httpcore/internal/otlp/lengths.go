package otlp

import (
	"encoding/binary"
	"encoding/hex"
)

// setLength writes the length of everything in b from begin on into the bytes before begin, of which some are reserved for it.
func setLength(b []byte, begin, reserved int) []byte {
	n := len(b) - begin
	size := varintSize(uint64(n))
	switch {
	case size > reserved:
		var room [binary.MaxVarintLen64]byte
		b = append(b, room[:size-reserved]...)
		copy(b[begin+size-reserved:], b[begin:begin+n])
	case size < reserved:
		copy(b[begin-reserved+size:], b[begin:])
		b = b[:len(b)-reserved+size]
	}
	binary.AppendUvarint(b[:begin-reserved], uint64(n))
	return b
}

// varintSize returns the size of v, in bytes.
func varintSize(v uint64) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

// textSize returns the size of n bytes and their length.
func textSize(n int) int { return varintSize(uint64(n)) + n }

// appendText appends the length of s, and s.
func appendText[T string | []byte](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendHex(b, digits []byte) []byte {
	b, _ = hex.AppendDecode(b, digits) // they are valid
	return b
}
