package pickle

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
	"time"
)

// NumPy's scalars and arrays are bytes, and a dtype that says what is in them:
//
//	scalar(dtype, bytes)
//	_reconstruct(class, …), and its state: version, shape, dtype, whether the first index runs fastest, bytes or a list of objects
//	_frombuffer(bytes, dtype, shape, order), of protocol 5
//
// A dtype is an object of the class numpy.dtype: its argument is a letter and a size, and its state has the order of the bytes, and the
// unit of a time.
var (
	numpyScalar = name{"numpy.core.multiarray", "scalar"}
	numpyArray  = name{"numpy.core.multiarray", "_reconstruct"}
	numpyBuffer = name{"numpy.core.numeric", "_frombuffer"}
	numpyType   = name{"numpy", "dtype"}
)

// maxDimensions is NumPy's own limit.
const maxDimensions = 64

// array is a scalar or an array of NumPy's.
type array struct {
	element func(b []byte) any // makes a value of the bytes of one
	size    int                // of one, in bytes
	code    string             // of the dtype
	bytes   []byte
	objects []any // instead of bytes
	shape   []int // none of a scalar
	columns bool  // the first index runs fastest
	count   int   // of elements
	lists   int   // that hold them
}

// numpyOf reads an object as an array; false if it is none, or one that is not known here.
func numpyOf(o *object) (a array, ok bool) {
	switch o.class.key() {
	case numpyScalar:
		return a, a.typed(o.args, 0) && a.filled(o.args, 1)
	case numpyBuffer:
		order, _ := pointed[string](o.args, 3)
		a.columns = order == "F"
		return a, a.typed(o.args, 1) && a.shaped(o.args, 2) && a.filled(o.args, 0)
	case numpyArray:
		state, ok := o.state.(*List)
		if !ok {
			return a, false
		}
		a.columns = truth(state.Items, 3)
		return a, a.shaped(state.Items, 1) && a.typed(state.Items, 2) && a.filled(state.Items, 4)
	}
	return a, false
}

// described returns what stands for an array that has too many elements, or elements of a kind that is not known here.
func (a *array) described() Text {
	text := "<numpy.ndarray of " + a.code[:min(len(a.code), maxName)]
	for i, n := range a.shape {
		separator := " × "
		if i == 0 {
			separator = ", "
		}
		text += separator + strconv.Itoa(n)
	}
	return newText(Clean(text + ">"))
}

// truth returns args[i] as a condition: protocols 0 and 1 may write a bool as a number.
func truth(args []any, i int) bool {
	if b, ok := argument[bool](args, i); ok {
		return b
	}
	n, _ := pointed[int64](args, i)
	return n != 0
}

// typed reads a dtype.
func (a *array) typed(args []any, i int) bool {
	dtype, ok := argument[*object](args, i)
	if !ok || dtype.class.key() != numpyType {
		return false
	}
	code, _ := pointed[string](dtype.args, 0)
	if a.code = code; len(code) < 2 {
		return false
	}
	size, err := strconv.ParseUint(code[1:], 10, 31)
	if err != nil {
		return false
	}
	order, unit := binary.ByteOrder(binary.LittleEndian), []any(nil)
	if state, ok := dtype.state.(*List); ok {
		if mark, _ := pointed[string](state.Items, 1); mark == ">" {
			order = binary.BigEndian
		}
		if fields, ok := argument[*Dict](state.Items, 4); code[0] == 'V' || ok && len(fields.Items) > 0 {
			return false // with names for its parts
		}
		if dated, ok := argument[*List](state.Items, 8); ok {
			if of, ok := argument[*List](dated.Items, 1); ok {
				unit = of.Items
			}
		}
	}
	a.size = int(size)
	a.element = elementOf(code[0], a.size, order, unit)
	if code[0] == 'U' {
		a.size *= 4
	}
	return a.element != nil
}

// shaped reads how long the array is in each dimension.
func (a *array) shaped(args []any, i int) bool {
	shape, ok := argument[*List](args, i)
	if !ok || len(shape.Items) > maxDimensions {
		return false
	}
	a.shape = make([]int, 0, len(shape.Items))
	for i := range shape.Items {
		n, ok := pointed[int64](shape.Items, i)
		if !ok || n < 0 || n > math.MaxInt32 {
			return false
		}
		a.shape = append(a.shape, int(n))
	}
	return true
}

// filled takes the elements, and tells whether they are as many as the shape says.
func (a *array) filled(args []any, i int) bool {
	a.count = 1
	for _, n := range a.shape {
		a.lists += a.count
		if a.count *= n; a.count > maxElements || a.lists > maxElements {
			return false
		}
	}
	if list, ok := argument[*List](args, i); ok {
		a.objects = list.Items
		return len(a.objects) == a.count
	}
	b, ok := argument[[]byte](args, i)
	if text, old := pointed[string](args, i); old { // Python 2's
		b, ok = []byte(text), true
	}
	a.bytes = b
	return ok && len(b) == a.count*a.size
}

// array makes the values of an array, if there is room for them.
func (r *resolver) array(a *array) (any, bool) {
	r.steps -= a.count + a.lists + len(a.bytes)/16
	if r.steps < 0 || a.count+a.lists > r.values || len(a.bytes)/4 > r.bytes {
		return nil, false
	}
	return a.values(0, 0, 1), true
}

// values makes the values of a dimension: of the elements that have a number, from first on, of which there is one in so many before
// it.
func (a *array) values(dimension, first, before int) any {
	switch {
	case dimension == len(a.shape) && a.objects != nil:
		return a.objects[first]
	case dimension == len(a.shape):
		return a.element(a.bytes[first*a.size : (first+1)*a.size])
	case a.count == 0:
		return new(List)
	}
	n := a.shape[dimension]
	list := &List{Items: make([]any, n)}
	for i := range n {
		at := first*n + i
		if a.columns {
			at = first + i*before
		}
		list.Items[i] = a.values(dimension+1, at, before*n)
	}
	return list
}

// elementOf returns what makes a value of the bytes of one element; nil if the dtype is not known here.
func elementOf(kind byte, size int, order binary.ByteOrder, unit []any) func(b []byte) any {
	switch {
	case kind == 'b' && size == 1:
		return func(b []byte) any { return b[0] != 0 }
	case kind == 'u' && size == 1:
		return func(b []byte) any { return newInt(int64(b[0])) }
	case kind == 'i' && size == 1:
		return func(b []byte) any { return newInt(int64(int8(b[0]))) }
	case kind == 'S':
		return func(b []byte) any { return bytes.TrimRight(b, "\x00") }
	case kind == 'U':
		return func(b []byte) any {
			for len(b) >= 4 && order.Uint32(b[len(b)-4:]) == 0 {
				b = b[:len(b)-4]
			}
			return packedText(formatUTF32, order, b)
		}
	case kind == 'O':
		return func([]byte) any { return nil } // they are objects
	case kind == 'c' && size == 16:
		return func(b []byte) any {
			return complex(math.Float64frombits(order.Uint64(b)), math.Float64frombits(order.Uint64(b[8:])))
		}
	case kind == 'c' && size == 8:
		return func(b []byte) any {
			return complex(float64(math.Float32frombits(order.Uint32(b))), float64(math.Float32frombits(order.Uint32(b[4:]))))
		}
	case kind == 'f' && size == 2:
		return func(b []byte) any { return newFloat(half(order.Uint16(b))) }
	case (kind == 'M' || kind == 'm') && size == 8:
		return timeOf(kind == 'M', order, unit)
	}
	for i, f := range formats { // unsigned and signed integers in turns, and two floats
		if f.size == size && kind == "uiuiuiff"[i] {
			return func(b []byte) any { return f.read(order, b) }
		}
	}
	return nil
}

// half is a float of 16 bits.
func half(bits uint16) float64 {
	sign, exponent, mantissa := 1.0, int(bits>>10&0x1f), float64(bits&0x3ff)
	if bits>>15 == 1 {
		sign = -1
	}
	switch {
	case exponent == 0x1f && mantissa == 0:
		return math.Inf(int(sign))
	case exponent == 0x1f:
		return math.NaN()
	case exponent == 0:
		return sign * math.Ldexp(mantissa, -24)
	}
	return sign * math.Ldexp(mantissa+0x400, exponent-25)
}

// numpyUnits are the units of datetime64 and timedelta64: how long one is, and how a time that is exact to it is written.
var numpyUnits = map[string]struct {
	length time.Duration
	layout string
}{
	"W": {7 * 24 * time.Hour, time.DateOnly}, "D": {24 * time.Hour, time.DateOnly}, "h": {time.Hour, "2006-01-02T15"},
	"m": {time.Minute, "2006-01-02T15:04"}, "s": {time.Second, "2006-01-02T15:04:05"}, "ms": {time.Millisecond, "2006-01-02T15:04:05.000"},
	"us": {time.Microsecond, "2006-01-02T15:04:05.000000"}, "ns": {time.Nanosecond, "2006-01-02T15:04:05.000000000"},
}

// timeOf reads a number of units: since 1970 as a text, as NumPy writes it, or as a duration; in units that have no fixed length, or are
// shorter than ours, as a number.
func timeOf(date bool, order binary.ByteOrder, unit []any) func(b []byte) any {
	word, _ := argument[[]byte](unit, 0)
	if text, ok := pointed[string](unit, 0); ok {
		word = []byte(text)
	}
	multiple, ok := pointed[int64](unit, 1)
	if !ok {
		multiple = 1
	}
	u, known := numpyUnits[string(word)]
	return func(b []byte) any {
		n := int64(order.Uint64(b))
		switch total := n * multiple; {
		case n == math.MinInt64:
			return newText("NaT")
		case n != 0 && total/n != multiple:
		case !known || multiple <= 0:
		case date && u.length < time.Second:
			per := int64(time.Second / u.length)
			return newText(time.Unix(total/per, total%per*int64(u.length)).UTC().Format(u.layout))
		case date && total < 1<<62/int64(u.length/time.Second) && total > -1<<62/int64(u.length/time.Second):
			return newText(time.Unix(total*int64(u.length/time.Second), 0).UTC().Format(u.layout))
		case !date && total <= math.MaxInt64/int64(u.length) && total >= math.MinInt64/int64(u.length):
			return time.Duration(total) * u.length
		}
		return newInt(n)
	}
}
