package names

// kind is what is known of a path.
type kind uint8

const (
	none kind = iota
	leaf
	object  // there is something below it
	literal // not of a path, but of a name in one object: it is there
)

// table holds what is known of the paths of one record: an open hash table that is emptied by counting on.
type table struct {
	slots []slot // their number is a power of two
	used  int
	turn  uint32 // slots of other turns are empty
}

type slot struct {
	hash uint64
	turn uint32
	next uint32 // number for the next name that would be this one
	kind kind
}

// keepSlots is the largest table that is kept.
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

// at returns the slot of h, which is taken if it was empty.
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

// get returns what is known of h.
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
