package arena

const (
	blockSize    = 64 << 10
	minBlockSize = 1 << 10
	idleBlocks   = 16 // that Trim leaves
)

// Backing is where the blocks of an Arena lie that survives the process. Its methods are called by the Arena, under its owner's lock.
type Backing interface {
	// Block returns memory of at least that size, whose first byte is aligned to eight, and a generation that is not 0 and that no
	// memory of this Backing has had. Fits was asked before.
	Block(size int) (buf []byte, generation uint32)
	// Free takes back what Block returned.
	Free(buf []byte)
	// Fits tells whether there is memory of that size.
	Fits(size int) bool
	// SetCursor says that a reader is done with every record before that sequence number.
	SetCursor(reader int, done uint64)
}

// blocks is where an Arena gets its blocks, and keeps those that are free for the next time.
type blocks struct {
	size    int // of all but those for one large record
	free    []*block
	backing Backing // nil: the heap
}

// get returns an empty block of at least that size.
func (s *blocks) get(size int) *block {
	if s.backing != nil {
		buf, generation := s.backing.Block(size)
		return &block{buf: buf, generation: generation}
	}
	if n := len(s.free); n > 0 && size == s.size {
		b := s.free[n-1]
		s.free[n-1], s.free = nil, s.free[:n-1]
		return b
	}
	return &block{buf: make([]byte, size)}
}

// put takes back a block that nobody uses.
func (s *blocks) put(b *block) {
	if s.backing != nil {
		if b.buf != nil {
			s.backing.Free(b.buf)
		}
		return
	}
	if len(b.buf) == s.size {
		*b = block{buf: b.buf}
		s.free = append(s.free, b)
	}
}

// trim lets go of all that are free but for a few.
func (s *blocks) trim(keep int) {
	if len(s.free) > keep {
		clear(s.free[keep:])
		s.free = s.free[:keep]
	}
}
