package arena

const (
	blockSize    = 64 << 10
	minBlockSize = 1 << 10
	idleBlocks   = 16 // that trim leaves
)

// blocks is where an Arena gets its blocks, and keeps those that are free for the next time.
type blocks struct {
	size int // of all but those for one large record
	free []*block
}

// get returns an empty block of at least that size.
func (s *blocks) get(size int) *block {
	if n := len(s.free); n > 0 && size == s.size {
		b := s.free[n-1]
		s.free[n-1], s.free = nil, s.free[:n-1]
		return b
	}
	return &block{buf: make([]byte, size)}
}

// put takes back a block that nobody uses.
func (s *blocks) put(b *block) {
	if len(b.buf) == s.size {
		*b = block{buf: b.buf}
		s.free = append(s.free, b)
	}
}

// trim lets go of all but a few.
func (s *blocks) trim() {
	if len(s.free) > idleBlocks {
		clear(s.free[idleBlocks:])
		s.free = s.free[:idleBlocks]
	}
}
