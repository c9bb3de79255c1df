package jsonenc

import (
	"math"
	"strconv"
	"time"
	"unsafe"
)

// appendFloat appends a number as zap does: the shortest decimal that reads back as v, without an exponent. NaN and infinities, which
// JSON does not have, are quoted. strconv does that, but numbers that are common in logs (a load, a time in seconds since 1970) have a
// faster way, which takes a third of the time.
func appendFloat(b []byte, v float64) []byte {
	if whole, decimals, digits := shortest(math.Abs(v)); digits > 0 {
		return appendDecimal(b, math.Signbit(v), whole, decimals, digits)
	}
	return appendAnyFloat(b, v, 64)
}

// appendSeconds appends a duration as zap's SecondsDurationEncoder does: as float64(v)/1e9. Below a million
// seconds the shortest decimal is the nanoseconds themselves; see shortest.
func appendSeconds(b []byte, v time.Duration) []byte {
	const million = 1_000_000 * time.Second
	if v > -million && v < million {
		n := uint64(max(v, -v))
		return appendDecimal(b, v < 0, n/1e9, n%1e9, 9)
	}
	return appendFloat(b, float64(v)/float64(time.Second))
}

func appendFloat32(b []byte, v float32) []byte { return appendAnyFloat(b, float64(v), 32) }

func appendAnyFloat(b []byte, v float64, size int) []byte {
	switch {
	case math.IsNaN(v):
		return append(b, `"NaN"`...)
	case math.IsInf(v, 1):
		return append(b, `"+Inf"`...)
	case math.IsInf(v, -1):
		return append(b, `"-Inf"`...)
	}
	return strconv.AppendFloat(b, v, 'f', -1, size)
}

// shortest returns the shortest decimal that reads back as v, which must not be negative, in two parts: the whole number, and the
// decimals as a number of that many digits, the last of which may be zeros. digits is 0 if there is no fast way.
//
// Below a million: division rounds correctly, so if n and 10^9 are exact as float64s, float64(n)/10^9 is the float64 as which n/10^9
// reads back. Nine decimals make at most fifteen digits there, and no two decimals of fifteen digits are the same float64, so
// the one that reads back is the shortest, without its trailing zeros.
//
// From 2^30 to 2^33, which is from the year 2004 to 2242, see shortestEpoch.
func shortest(v float64) (whole, decimals uint64, digits int) {
	switch {
	case v < 1e6:
		if n := uint64(v*1e9 + 0.5); float64(n)/1e9 == v {
			return n / 1e9, n % 1e9, 9
		}
	case v >= 1<<30 && v < 1<<33:
		return shortestEpoch(v)
	}
	return 0, 0, 0
}

// shortestEpoch is shortest for a v from 2^30 on and below 2^33. Such a v is a whole number and some 2^-s, with s from 20 to 22, and its
// neighbours are 2^-s away: a decimal reads back as v if it is nearer than half of that. With f the number of those 2^-s, and
// n/10^d the decimal that is nearest to v, the distance is |f×10^d - n×2^s| / (10^d×2^s), and all of it is done in integers of less
// than 64 bits, 2^d taken out of both.
//
//   - Six decimals are further apart than 2^-s, so at most one reads back as v, and it is the nearest.
//   - If it does not, one of seven decimals does, for they are closer together than half of 2^-22; and of those that do, the shortest
//     form is by definition the nearest. Where two are as near, it is left to strconv.
func shortestEpoch(v float64) (whole, decimals uint64, digits int) {
	const six, seven = 15625, 78125 // 5^6, 5^7
	b := math.Float64bits(v)
	mantissa := b&(1<<52-1) | 1<<52
	s := 52 - (uint(b>>52) - 1023)
	whole = mantissa >> (s & 63)
	f := mantissa & (1<<(s&63) - 1)

	shift := (s - 6) & 63
	n := (f*six + 1<<(shift-1)) >> (shift & 63)
	if off := int64(f*six - n<<shift); 2*off < six && -2*off < six {
		return carry(whole, n, 1e6, 6)
	}
	shift--
	n = (f*seven + 1<<(shift-1)) >> (shift & 63)
	if off := f*seven - n<<shift; off == 1<<(shift-1) || -off == 1<<(shift-1) {
		return 0, 0, 0
	}
	return carry(whole, n, 1e7, 7)
}

// carry adds 1 to whole if the decimals were rounded up to one.
func carry(whole, decimals, one uint64, digits int) (uint64, uint64, int) {
	if decimals == one {
		return whole + 1, 0, digits
	}
	return whole, decimals, digits
}

// appendDecimal appends whole and, after a point, decimals as that many digits (at most nine) without trailing zeros.
func appendDecimal(b []byte, negative bool, whole, decimals uint64, digits int) []byte {
	const room = 1 + maxDigits + 1 + 9
	if cap(b)-len(b) < room {
		b = grow(b, room)
	}
	n := len(b)
	start := unsafe.Pointer(unsafe.SliceData(b))
	if negative {
		*(*byte)(unsafe.Add(start, n)) = '-'
		n++
	}
	n += putUint(unsafe.Add(start, n), whole)
	if decimals == 0 {
		return b[:n]
	}
	decimals, digits = trimZeros(decimals, digits)
	*(*byte)(unsafe.Add(start, n)) = '.'
	putPadded(unsafe.Add(start, n+1), decimals, digits)
	return b[:n+1+digits]
}

// trimZeros removes the trailing zeros of n, of which there must be less than nine.
func trimZeros(n uint64, digits int) (uint64, int) {
	if q := n / 10000; q*10000 == n {
		n, digits = q, digits-4
	}
	if q := n / 100; q*100 == n {
		n, digits = q, digits-2
	}
	if q := n / 100; q*100 == n {
		n, digits = q, digits-2
	}
	if q := n / 10; q*10 == n {
		n, digits = q, digits-1
	}
	return n, digits
}

// appendDecimals appends a point and n as that many digits (at most nine) without trailing zeros; nothing if n is 0.
func appendDecimals(b []byte, n uint64, digits int) []byte {
	if n == 0 {
		return b
	}
	if cap(b)-len(b) < 10 {
		b = grow(b, 10)
	}
	n, digits = trimZeros(n, digits)
	end := len(b)
	to := unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), end)
	*(*byte)(to) = '.'
	putPadded(unsafe.Add(to, 1), n, digits)
	return b[:end+1+digits]
}
