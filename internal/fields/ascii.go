package fields

import "example.com/zaphandlers/internal/words"

// IsASCII tells whether s is, as most texts are, so that they need not be decoded. It looks at eight bytes together, the last eight of
// which overlap those before, and takes half as long as utf8.ValidString.
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
	all := words.Load64(s, n-8)
	for i := 0; i < n-8; i += 8 {
		all |= words.Load64(s, i)
	}
	return all&tops == 0
}
