package fields

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
	all := load64(s, n-8)
	for i := 0; i < n-8; i += 8 {
		all |= load64(s, i)
	}
	return all&tops == 0
}

// load64 returns the eight bytes of s at i; the compiler makes one load of it.
func load64(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}
