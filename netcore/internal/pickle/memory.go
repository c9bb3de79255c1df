package pickle

import "fmt"

// keepStore is how many values of one kind a Decoder keeps room for between frames: each connection has one.
const keepStore = 1 << 8

// store holds the values of one pickle. What keep returns stays valid when the store grows.
type store[T any] []T

func (s *store[T]) keep(v T) *T {
	*s = append(*s, v)
	return &(*s)[len(*s)-1]
}

// reset empties s. A large buffer is not kept for the next pickle.
func (s *store[T]) reset() {
	if cap(*s) > keepStore {
		*s = nil
		return
	}
	clear(*s)
	*s = (*s)[:0]
}

// memory holds the values of one pickle, by kind.
type memory struct {
	texts    store[string]
	integers store[int64]
	floats   store[float64]
	globals  store[global]
	lists    store[List]
	dicts    store[Dict]
	items    store[any]
}

func (m *memory) reset() {
	m.texts.reset()
	m.integers.reset()
	m.floats.reset()
	m.globals.reset()
	m.lists.reset()
	m.dicts.reset()
	m.items.reset()
}

func (m *memory) list(items []any, tuple bool) *List {
	return m.lists.keep(List{Items: m.join(nil, items), tuple: tuple})
}

func (m *memory) dict(items []any) *Dict { return m.dicts.keep(Dict{Items: m.join(nil, pairs(items))}) }

// pairs returns items without a last key that has no value.
func pairs(items []any) []any { return items[:len(items)&^1] }

// join returns to with items appended.
func (m *memory) join(to, items []any) []any {
	if len(to) > 0 {
		return append(to, items...)
	}
	start := len(m.items)
	m.items = append(m.items, items...)
	return m.items[start:len(m.items):len(m.items)]
}

// maxNear is how many entries of the memo are in a slice.
const maxNear = 1 << 16

// memo holds the values that a pickle notes under a number for later use.
type memo struct {
	near []any
	far  map[uint64]any // entries from maxNear on
}

func (m *memo) put(i uint64, v any) {
	if i >= maxNear {
		if m.far == nil {
			m.far = make(map[uint64]any)
		}
		m.far[i] = v
		return
	}
	for uint64(len(m.near)) < i {
		m.near = append(m.near, nil)
	}
	if uint64(len(m.near)) == i {
		m.near = append(m.near, v)
		return
	}
	m.near[i] = v
}

// next returns the number for a value that is noted without one.
func (m *memo) next() uint64 { return uint64(len(m.near) + len(m.far)) }

func (m *memo) get(i uint64) (any, error) {
	if i < uint64(len(m.near)) {
		return m.near[i], nil
	}
	v, ok := m.far[i]
	if !ok {
		return nil, fmt.Errorf("pickle has no memo %d", i)
	}
	return v, nil
}

// reset empties m. A large buffer is not kept for the next pickle.
func (m *memo) reset() {
	m.far = nil
	if cap(m.near) > keepStore {
		m.near = nil
		return
	}
	clear(m.near)
	m.near = m.near[:0]
}
