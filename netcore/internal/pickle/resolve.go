package pickle

import (
	"fmt"
	"math/big"
)

// maxNesting is how deep values may be nested.
const maxNesting = 100

// The texts for values that cannot be shown.
var (
	tooLarge   = newText("<too large when what it shares is written out>")
	tooDeep    = newText(fmt.Sprintf("<nested deeper than %d>", maxNesting))
	sameList   = newText("[...]")
	sameDict   = newText("{...}")
	longNumber = newText(fmt.Sprintf("<an integer of more than %d digits>", maxDigits10))
)

// resolver makes a value plain. An object becomes what it holds; a value that contains itself or is nested too deep becomes a text.
// It measures the value as if everything shared were written out, so that a small frame cannot become a large value.
type resolver struct {
	values, bytes int // how many are left
	steps         int // values that may still be looked at, including those that did not fit
}

func newResolver(maxBytes int) *resolver {
	return &resolver{values: maxValues, bytes: maxBytes, steps: 4 * maxValues}
}

// outermost resolves the result. If it is a list or a dict, only the items that are too large are replaced.
func (r *resolver) outermost(v any) any {
	var items []any
	var open *bool
	switch c := v.(type) {
	case *List:
		items, open = c.Items, &c.open
	case *Dict:
		items, open = c.Items, &c.open
	default:
		return r.item(v)
	}
	*open = true
	for i := range items {
		items[i] = r.item(items[i])
	}
	*open = false
	return v
}

// item resolves a value. If the value is too large, it restores the limits and returns a text that says so.
func (r *resolver) item(v any) any {
	if r.scalar(v) {
		return v
	}
	values, bytes := r.values, r.bytes
	plain, ok := r.value(v, 1)
	if !ok {
		r.values, r.bytes = values, bytes
		return tooLarge
	}
	return plain
}

// scalar reports whether v is plain already and fits, and if so counts it. This is the fast path for most values.
func (r *resolver) scalar(v any) bool {
	n := 8
	switch v := v.(type) {
	case nil, bool, Int, Float:
	case Text:
		n = len(*v)
	default:
		return false
	}
	if r.values < 1 || r.bytes < n {
		return false
	}
	r.steps--
	r.values--
	r.bytes -= n
	return true
}

// value returns v as a plain value; false if it does not fit.
func (r *resolver) value(v any, depth int) (any, bool) {
	r.steps--
	r.values--
	r.bytes -= size(v)
	if r.values < 0 || r.bytes < 0 {
		return nil, false
	}
	switch v := v.(type) {
	case *List:
		return r.container(v, &v.open, sameList, v.Items, depth)
	case *Dict:
		return r.container(v, &v.open, sameDict, v.Items, depth)
	case *object:
		return r.object(v, depth)
	case *global:
		return v.shown(), true
	case *zone:
		return v.shown(), true
	}
	return v, true
}

// container resolves the items of v, in place.
func (r *resolver) container(v any, open *bool, same Text, items []any, depth int) (any, bool) {
	switch {
	case *open:
		return same, true
	case depth > maxNesting:
		return tooDeep, true
	case r.steps < 0:
		return nil, false
	}
	*open = true
	ok := r.items(items, depth+1)
	*open = false
	return v, ok
}

func (r *resolver) items(items []any, depth int) bool {
	for i, v := range items {
		plain, ok := r.value(v, depth)
		if !ok {
			return false
		}
		items[i] = plain
	}
	return true
}

// object resolves the parts of an object and makes its value of them, once.
func (r *resolver) object(o *object, depth int) (any, bool) {
	switch {
	case o.open:
		return o.class.shown(), true
	case o.resolved:
		return r.value(o.plain, depth)
	case depth > maxNesting:
		return tooDeep, true
	case r.steps < 0:
		return nil, false
	}
	a, ok := numpyOf(o)
	if r.steps -= a.parts; ok {
		return r.numpy(o, &a, depth)
	} else if a.code != "" && o.class.key() != numpyScalar {
		o.plain, o.resolved = a.described(), true
		return r.value(o.plain, depth)
	}
	o.open = true
	parts := []any{o.base, o.state}
	ok = r.items(o.args, depth+1) && r.items(o.items, depth+1) && r.items(o.pairs, depth+1) && r.items(parts, depth+1)
	o.open = false
	if !ok {
		return nil, false
	}
	o.base, o.state = parts[0], parts[1]
	o.plain, o.resolved = o.value(), true
	if text, ok := o.plain.(Text); ok { // its parts were counted, but not its quotes
		r.bytes -= len(*text)
	}
	return o.plain, r.bytes >= 0
}

// numpy makes the values of an array, and resolves those that are objects, once.
func (r *resolver) numpy(o *object, a *array, depth int) (any, bool) {
	v, ok := r.array(a)
	if !ok {
		return nil, false
	}
	o.open = true
	v, ok = r.value(v, depth)
	o.open = false
	if ok {
		o.plain, o.resolved = v, true
	}
	return v, ok
}

// size returns about how many bytes a value takes, without its contents.
func size(v any) int {
	switch v := v.(type) {
	case Text:
		return len(*v)
	case []byte:
		return len(v)
	case Number:
		return len(v)
	case *global:
		return len(v.module) + len(v.name)
	case *object:
		return len(v.class.module) + len(v.class.name)
	case *zone:
		return len(v.name)
	case *big.Int:
		return v.BitLen() / 3
	}
	return 8
}
