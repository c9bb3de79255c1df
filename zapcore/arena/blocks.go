package arena

const (
	blockSize    = 64 << 10
	minBlockSize = 1 << 10
	idleBlocks   = 16 // how many free blocks Trim keeps
)

// Backing provides the memory for the blocks of an Arena that survives the process. The Arena calls its methods under its owner's lock.
type Backing interface {
	// Block returns at least size bytes of memory, aligned to eight, and a generation that is not 0 and that no
	// memory of this Backing had before. Fits must have returned true.
	Block(size int) (buf []byte, generation uint32)
	// Free takes back what Block returned.
	Free(buf []byte)
	// Fits reports whether Block can return size bytes.
	Fits(size int) bool
	// SetCursor stores that a reader is done with every record before sequence number done.
	SetCursor(reader int, done uint64)
}

// blocks allocates the blocks of an Arena, and keeps free ones for later.
type blocks struct {
	size    int // of a block, unless it is made for one larger record
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

// trim releases all free blocks but keep of them.
func (s *blocks) trim(keep int) {
	if len(s.free) > keep {
		clear(s.free[keep:])
		s.free = s.free[:keep]
	}
}
