package names

// kind says what is at a path.
type kind uint8

const (
	none    kind = iota
	leaf         // a value that is not an object
	object       // an object, or a path that others lead through
	literal      // for the hash of a name in one object, not of a path: the object has that member
)

// table maps the hashes of the paths of one record to their kinds. It is an open hash table; reset empties it by a new turn.
type table struct {
	slots []slot // a power of two of them
	used  int
	turn  uint32 // slots of other turns are empty
}

type slot struct {
	hash uint64
	turn uint32
	next uint32 // the number for the next name that collides with this one
	kind kind
}

// keepSlots is the size of the largest table that is kept.
const keepSlots = 1 << 14

func (t *table) reset() {
	if len(t.slots) > keepSlots {
		t.slots = nil
	}
	if t.turn++; t.turn == 0 || t.slots == nil {
		t.slots, t.turn = make([]slot, max(64, len(t.slots))), 1
	}
	t.used = 0
}

// at returns the slot of h, and makes it if there is none.
func (t *table) at(h uint64) *slot {
	if t.used*2 >= len(t.slots) {
		t.grow()
	}
	s := t.find(h)
	if s.turn != t.turn {
		*s = slot{hash: h, turn: t.turn, next: 1}
		t.used++
	}
	return s
}

func (t *table) find(h uint64) *slot {
	for i := h >> 32; ; i++ {
		s := &t.slots[i&uint64(len(t.slots)-1)]
		if s.turn != t.turn || s.hash == h {
			return s
		}
	}
}

// get returns the kind of h.
func (t *table) get(h uint64) kind {
	if s := t.find(h); s.turn == t.turn {
		return s.kind
	}
	return none
}

func (t *table) grow() {
	old := t.slots
	t.slots = make([]slot, 2*len(old))
	for i := range old {
		if old[i].turn == t.turn {
			*t.find(old[i].hash) = old[i]
		}
	}
}
