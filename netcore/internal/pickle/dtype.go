package pickle

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
	"time"
)

// elementType is a dtype: NumPy's description of an element. In the pickle it is an object of the class numpy.dtype. Its argument is
// a letter and a size, or a class of records. Its state is
//
//	version, byte order, (dtype, shape) if each element is an array, names of its parts, {name: (dtype, offset)}, size, …,
//	the unit of a time
type elementType struct {
	element func(b []byte) any // makes a value from an element's bytes
	size    int                // of an element, in bytes
	values  int                // values in an element
	code    string
	parts   int // parts that were read for it
}

const (
	// maxParts is how many parts an element may have, including their parts.
	maxParts = 1 << 8
	// maxPartBytes and maxPartValues limit an element that has parts.
	maxPartBytes  = 1 << 20
	maxPartValues = 1 << 14
)

// typed reads a dtype.
func (t *elementType) typed(args []any, i int) bool {
	parts := maxParts
	ok := t.read(args, i, &parts)
	t.parts = maxParts - parts
	return ok
}

// read reads a dtype that may have parts more parts.
func (t *elementType) read(args []any, i int, parts *int) bool {
	o, ok := argument[*object](args, i)
	if *parts--; !ok || o.class.key() != numpyType || o.open || *parts < 0 {
		return false
	}
	o.open = true // a dtype that contains itself is invalid
	defer func() { o.open = false }()
	code, _ := pointed[string](o.args, 0)
	t.code, t.values = code, 1
	state := []any(nil)
	if list, ok := o.state.(*List); ok {
		state = list.Items
	}
	if names, ok := argument[*List](state, 3); ok {
		return t.record(state, names.Items, parts)
	}
	if sub, ok := argument[*List](state, 2); ok {
		return t.repeated(sub.Items, parts)
	}
	return t.plain(state)
}

// plain reads a dtype without parts.
func (t *elementType) plain(state []any) bool {
	if len(t.code) < 2 {
		return false
	}
	size, err := strconv.ParseUint(t.code[1:], 10, 31)
	if err != nil {
		return false
	}
	order, unit := binary.ByteOrder(binary.LittleEndian), []any(nil)
	if mark, _ := pointed[string](state, 1); mark == ">" {
		order = binary.BigEndian
	}
	if dated, ok := argument[*List](state, 8); ok {
		if of, ok := argument[*List](dated.Items, 1); ok {
			unit = of.Items
		}
	}
	t.size = int(size)
	t.element = elementOf(t.code[0], t.size, order, unit)
	if t.code[0] == 'U' {
		t.size *= 4
	}
	return t.element != nil
}

// part is a part of a record.
type part struct {
	elementType
	name Text
	at   int // in bytes
}

// record reads a dtype whose elements have named parts. Each element becomes a dict.
func (t *elementType) record(state, names []any, parts *int) bool {
	if t.code == "" {
		t.code = "record"
	}
	fields, ok := argument[*Dict](state, 4)
	size, ok2 := pointed[int64](state, 5)
	if *parts -= min(len(names), maxParts); *parts <= 0 || !ok || !ok2 || size < 0 || size > maxPartBytes {
		return false
	}
	t.size = int(size)
	of := make([]part, len(names))
	left := t.size // overlapping parts would make more of the bytes than there are
	for i := range names {
		name, ok := argument[Text](names, i)
		if !ok {
			return false
		}
		field, _ := fields.get(*name)
		place, ok := field.(*List)
		if !ok {
			return false
		}
		at, ok := pointed[int64](place.Items, 1)
		p := &of[i]
		if !ok || at < 0 || at > size || !p.read(place.Items, 0, parts) || p.code[0] == 'O' || p.size > min(left, t.size-int(at)) {
			return false
		}
		left -= p.size
		p.name, p.at = name, int(at)
		if t.values += 1 + p.values; t.values > maxPartValues {
			return false
		}
	}
	t.element = func(b []byte) any {
		d := &Dict{Items: make([]any, 0, 2*len(of))}
		for i := range of {
			p := &of[i]
			d.Items = append(d.Items, p.name, p.element(b[p.at:p.at+p.size]))
		}
		return d
	}
	return true
}

// repeated reads a dtype whose elements are arrays. Each element becomes a list.
func (t *elementType) repeated(sub []any, parts *int) bool {
	a := array{}
	if !a.shaped(sub, 1) || !a.read(sub, 0, parts) || a.code[0] == 'O' || a.size > maxPartBytes {
		return false
	}
	a.count = 1
	for _, n := range a.shape {
		a.lists += a.count
		if a.count *= n; a.count > maxParts || a.lists > maxParts {
			return false
		}
	}
	t.size, t.values = a.count*a.size, a.count*a.values+a.lists
	if t.size > maxPartBytes || t.values > maxPartValues {
		return false
	}
	t.element = func(b []byte) any {
		one := a
		one.bytes = b
		return one.list(0, 0, 1)
	}
	return true
}

// elementOf returns the function that makes a value from an element's bytes; nil if the dtype is unknown here.
func elementOf(kind byte, size int, order binary.ByteOrder, unit []any) func(b []byte) any {
	switch {
	case kind == 'b' && size == 1:
		return func(b []byte) any { return b[0] != 0 }
	case kind == 'u' && size == 1:
		return func(b []byte) any { return newInt(int64(b[0])) }
	case kind == 'i' && size == 1:
		return func(b []byte) any { return newInt(int64(int8(b[0]))) }
	case kind == 'V': // of unknown content
		return func(b []byte) any { return b }
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
		return func([]byte) any { return nil } // they are in array.objects
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
	case kind == 'f' && (size == 12 || size == 16) && order == binary.LittleEndian:
		return longDouble
	case kind == 'c' && (size == 24 || size == 32) && order == binary.LittleEndian:
		return longComplex
	case (kind == 'M' || kind == 'm') && size == 8:
		return timeOf(kind == 'M', order, unit)
	}
	for i, f := range formats { // unsigned and signed integers alternately, and two floats
		if f.size == size && kind == "uiuiuiff"[i] {
			return func(b []byte) any { return f.read(order, b) }
		}
	}
	return nil
}

// half returns a 16-bit float.
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

// numpyUnits are the units of datetime64 and timedelta64: their length, and how a time of that precision is written.
var numpyUnits = map[string]struct {
	length time.Duration
	layout string
}{
	"W": {7 * 24 * time.Hour, time.DateOnly}, "D": {24 * time.Hour, time.DateOnly}, "h": {time.Hour, "2006-01-02T15"},
	"m": {time.Minute, "2006-01-02T15:04"}, "s": {time.Second, "2006-01-02T15:04:05"}, "ms": {time.Millisecond, "2006-01-02T15:04:05.000"},
	"us": {time.Microsecond, "2006-01-02T15:04:05.000000"}, "ns": {time.Nanosecond, "2006-01-02T15:04:05.000000000"},
}

// timeOf reads a count of units. A date becomes the text that NumPy writes, a difference a duration. Units without a fixed length,
// and those shorter than a nanosecond, stay a number.
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
		case date && multiple > 0 && n > -maxMonths && n < maxMonths && (string(word) == "M" || string(word) == "Y"):
			return monthOf(total, string(word) == "Y")
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

// maxMonths limits the months or years since 1970 that are written as a date: Python has the years up to 9999.
const maxMonths = 12 * (9999 - 1970)

// monthOf writes n months or years since 1970 as NumPy does.
func monthOf(n int64, years bool) any {
	first := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	if years {
		first = first.AddDate(int(n), 0, 0)
	} else {
		first = first.AddDate(0, int(n), 0)
	}
	switch {
	case first.Year() < 0 || first.Year() > 9999:
		return newInt(n)
	case years:
		return newText(first.Format("2006"))
	}
	return newText(first.Format("2006-01"))
}
