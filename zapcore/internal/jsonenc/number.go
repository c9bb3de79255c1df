package jsonenc

import (
	"math/bits"
	"unsafe"
)

// maxDigits is the most bytes that an integer takes, its sign included.
const maxDigits = 20

// appendInt appends v in decimal.
func appendInt(b []byte, v int64) []byte {
	if cap(b)-len(b) < maxDigits {
		b = grow(b, maxDigits)
	}
	n := len(b)
	return b[:n+putInt(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), n), v)]
}

// appendUint appends v in decimal.
func appendUint(b []byte, v uint64) []byte {
	if cap(b)-len(b) < maxDigits {
		b = grow(b, maxDigits)
	}
	n := len(b)
	return b[:n+putUint(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), n), v)]
}

// grow returns b with room for n bytes more.
//
//go:noinline
func grow(b []byte, n int) []byte {
	return append(b, make([]byte, n)...)[:len(b)]
}

// putInt writes v in decimal, where there is room for maxDigits bytes, and returns how many it took.
func putInt(to unsafe.Pointer, v int64) (size int) {
	if v >= 0 {
		return putUint(to, uint64(v))
	}
	*(*byte)(to) = '-'
	return 1 + putUint(unsafe.Add(to, 1), -uint64(v))
}

// putUint is putInt for unsigned integers. It writes two digits at a time, from the end: it knows how many there will be.
func putUint(to unsafe.Pointer, v uint64) (size int) {
	if v < 10 {
		*(*byte)(to) = byte('0' + v)
		return 1
	}
	size = decimalDigits(v)
	at := size
	for v >= 100 {
		at -= 2
		put2(unsafe.Add(to, at), pairs[v%100])
		v /= 100
	}
	if v >= 10 {
		put2(to, pairs[v])
	} else {
		*(*byte)(to) = byte('0' + v)
	}
	return size
}

// putPadded writes v as that many digits, with zeros before it.
func putPadded(to unsafe.Pointer, v uint64, digits int) {
	for ; digits >= 2; digits -= 2 {
		put2(unsafe.Add(to, digits-2), pairs[v%100])
		v /= 100
	}
	if digits > 0 {
		*(*byte)(to) = byte('0' + v)
	}
}

// put6 writes v as six digits, and put7 as seven. The digits do not depend on one another, so the processor works them out in parallel.
func put6(to unsafe.Pointer, v uint64) {
	put2(to, pairs[v/10000%100])
	put2(unsafe.Add(to, 2), pairs[v/100%100])
	put2(unsafe.Add(to, 4), pairs[v%100])
}

func put7(to unsafe.Pointer, v uint64) {
	high, low := v/1000%10000, v%1000
	put2(to, pairs[high/100])
	put2(unsafe.Add(to, 2), pairs[high%100])
	put2(unsafe.Add(to, 4), pairs[low/10])
	*(*byte)(unsafe.Add(to, 6)) = byte('0' + low%10)
}

// decimalDigits returns how many decimal digits v has; v must not be 0. A number of n bits has n×log10(2) digits, rounded down, or one
// more; 1233/4096 is close enough to log10(2) for 64 bits.
func decimalDigits(v uint64) int {
	least := bits.Len64(v) * 1233 >> 12
	if v >= powers[least] {
		return least + 1
	}
	return least
}

// powers are the powers of ten that a uint64 can hold.
var powers = [20]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

// pairs are the numbers below a hundred, each as two digits.
var pairs = func() (table [100]uint16) {
	for i := range table {
		table[i] = uint16('0'+i/10) | uint16('0'+i%10)<<8
	}
	return table
}()
