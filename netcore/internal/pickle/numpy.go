package pickle

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/big"
	"strconv"
)

// NumPy's scalars and arrays are bytes and a dtype that describes them:
//
//	scalar(dtype, bytes)
//	_reconstruct(class, …), with a state: version, shape, dtype, whether the first index runs fastest, bytes or a list of objects
//	_mareconstruct(class, …), the same, and then a byte for each element: 1 if it is masked, which makes it None
//	_frombuffer(bytes, dtype, shape, order), in protocol 5
var (
	numpyScalar = name{"numpy.core.multiarray", "scalar"}
	numpyArray  = name{"numpy.core.multiarray", "_reconstruct"}
	numpyMasked = name{"numpy.ma.core", "_mareconstruct"}
	numpyBuffer = name{"numpy.core.numeric", "_frombuffer"}
	numpyType   = name{"numpy", "dtype"}
)

// maxDimensions is NumPy's own limit.
const maxDimensions = 64

// array is a scalar or an array of NumPy.
type array struct {
	elementType
	bytes   []byte
	objects []any  // in place of bytes
	masked  []byte // for each element, whether it is masked; empty: none is
	shape   []int  // empty for a scalar
	columns bool   // the first index runs fastest
	count   int    // of elements
	lists   int    // the lists that hold the elements
}

// numpyOf reads an object as an array. It returns false if it is none, or an unknown one.
func numpyOf(o *object) (a array, ok bool) {
	switch o.class.key() {
	case numpyScalar:
		return a, a.typed(o.args, 0) && a.filled(o.args, 1)
	case numpyBuffer:
		order, _ := pointed[string](o.args, 3)
		a.columns = order == "F"
		return a, a.shaped(o.args, 2) && a.typed(o.args, 1) && a.filled(o.args, 0)
	case numpyArray, numpyMasked:
		state, ok := o.state.(*List)
		if !ok {
			return a, false
		}
		a.columns = truth(state.Items, 3)
		return a, a.shaped(state.Items, 1) && a.typed(state.Items, 2) && a.filled(state.Items, 4) && a.maskedBy(o, state.Items)
	}
	return a, false
}

// described returns the text for an array with too many elements, or with elements of an unknown type.
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

// truth returns args[i] as a bool, which protocols 0 and 1 may write as a number.
func truth(args []any, i int) bool {
	if b, ok := argument[bool](args, i); ok {
		return b
	}
	n, _ := pointed[int64](args, i)
	return n != 0
}

// shaped reads the shape.
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

// filled reads the elements, and reports whether their number matches the shape.
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

// maskedBy reads the mask, if the array has one, and reports whether its length is right.
func (a *array) maskedBy(o *object, state []any) bool {
	if o.class.key() != numpyMasked {
		return true
	}
	mask, ok := argument[[]byte](state, 5)
	a.masked = mask
	return ok && len(mask) == a.count
}

// array makes the values of an array, if they are within the limits.
func (r *resolver) array(a *array) (any, bool) {
	values := a.count*a.values + a.lists
	r.steps -= values + len(a.bytes)/16
	if r.steps < 0 || values > r.values || len(a.bytes)/4 > r.bytes {
		return nil, false
	}
	return a.list(0, 0, 1), true
}

// list makes the values from a dimension on. first is the number of an element in the dimensions before this one, and before is how
// many elements these have.
func (a *array) list(dimension, first, before int) any {
	switch {
	case dimension == len(a.shape) && len(a.masked) > 0 && a.masked[first] != 0:
		return nil
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
		list.Items[i] = a.list(dimension+1, at, before*n)
	}
	return list
}

// longDouble reads the x87's format: a mantissa of 64 bits, whose first is 1 unless the number is zero, sign and exponent, and unused
// bytes up to 12 or 16. A number that a float64 cannot hold becomes a text. Bytes that may come from another machine stay bytes.
func longDouble(b []byte) any {
	mantissa, top := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint16(b[8:])
	exponent, sign := int(top&0x7fff), 1-2*float64(top>>15)
	if !isX87(b, mantissa, exponent) {
		return b
	}
	exact := new(big.Float).SetMantExp(new(big.Float).SetUint64(mantissa), max(1, exponent)-0x3fff-63)
	v, _ := exact.Float64()
	switch {
	case exponent == 0x7fff && mantissa<<1 == 0:
		return newFloat(math.Inf(int(sign)))
	case exponent == 0x7fff:
		return newFloat(math.NaN())
	case math.IsInf(v, 0), v == 0 && mantissa != 0:
		return newText(exact.Mul(exact, big.NewFloat(sign)).Text('g', -1))
	}
	return newFloat(sign * v)
}

// longComplex reads two of them as a complex number. It returns b itself if one of them is no float64.
func longComplex(b []byte) any {
	re, realOK := longDouble(b[:len(b)/2]).(*float64)
	im, imagOK := longDouble(b[len(b)/2:]).(*float64)
	if !realOK || !imagOK {
		return b
	}
	return complex(*re, *im)
}

// isX87 reports whether only the x87 writes such bytes. Other machines have other formats of 16 bytes, with sign and exponent in the
// last two (IEEE 754's binary128, and PowerPC's pair of float64). Nothing tells them apart, except that only one of both readings has
// a usual size.
func isX87(b []byte, mantissa uint64, exponent int) bool {
	zero := mantissa == 0 && exponent == 0
	switch rest := b[10:]; {
	case !zero && (exponent == 0 || mantissa>>63 == 0):
		return false
	case len(rest) == 2 || len(bytes.Trim(rest, "\x00")) == 0:
		return true
	default:
		return (zero || isUsual(exponent)) && !isUsual(int(binary.LittleEndian.Uint16(rest[4:])&0x7fff))
	}
}

// isUsual reports whether a float64 has about that exponent.
func isUsual(exponent int) bool {
	const most = 1100
	return exponent == 0x7fff || 0x3fff-most < exponent && exponent < 0x3fff+most
}
