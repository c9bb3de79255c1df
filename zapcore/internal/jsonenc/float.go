package jsonenc

import (
	"math"
	"math/bits"
	"strconv"
)

// appendFloat appends a number as zap does: the shortest form that reads back the same, never with an exponent, and in quotes
// what JSON has no number for. That is strconv's work, but for the numbers that logs are full of there is a shorter way, which
// takes a third of the time: a duration in seconds, a load, a time in seconds since 1970.
func appendFloat(b []byte, v float64) []byte {
	abs := math.Abs(v)
	if whole, decimals, digits := shortest(abs); digits > 0 {
		if math.Signbit(v) {
			b = append(b, '-')
		}
		return appendDecimals(strconv.AppendUint(b, whole, 10), decimals, digits)
	}
	return appendAnyFloat(b, v, 64)
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

// shortest returns the shortest decimal that reads back as v, in two parts: the whole number, and what is behind the point as a
// number of so many digits, of which the last may be zeros. Digits is 0 where it knows no short way. v is not negative.
//
// Division rounds correctly. So where n and 10^d are exact as float64s, float64(n)/10^d is the float64 that n/10^d reads back as:
// to try a decimal takes one division. The one that is found is the shortest, because no other of as few digits reads back as v:
//
//   - Below a million, nine decimals make at most fifteen digits, and no two decimals of fifteen digits are the same float64.
//   - From 2^30 to 2^33, which is from the year 2004 to 2242, float64s are 2^-22 to 2^-20 apart. Six decimals are further apart than
//     that, so at most one reads back as v, and it is the nearest. If it does not, one of seven decimals does, for they are closer
//     together than half of 2^-22; and of those that do, the shortest form is by definition the nearest.
func shortest(v float64) (whole, decimals uint64, digits int) {
	switch {
	case v < 1e6:
		if n := uint64(v*1e9 + 0.5); float64(n)/1e9 == v {
			return n / 1e9, n % 1e9, 9
		}
	case v >= 1<<30 && v < 1<<33:
		if n, _ := times(v, 15625, 6); float64(n)/1e6 == v {
			return n / 1e6, n % 1e6, 6
		}
		if n, tie := times(v, 78125, 7); !tie {
			return n / 1e7, n % 1e7, 7
		}
	}
	return 0, 0, 0
}

// times returns v times 10^d, rounded to the nearest, and whether two are as near. v is less than 2^33 and more than 1; fives is
// 5^d.
func times(v float64, fives uint64, d int) (n uint64, tie bool) {
	b := math.Float64bits(v)
	mantissa := b&(1<<52-1) | 1<<52
	shift := 52 - (int(b>>52) - 1023) - d // v is mantissa/2^(shift+d)
	high, low := bits.Mul64(mantissa, fives)
	low, carry := bits.Add64(low, 1<<(shift-1), 0)
	tie = low&(1<<shift-1) == 0
	return (high+carry)<<(64-shift) | low>>shift, tie
}

// appendDecimals appends a point and n, written with so many digits, at most nine, less the zeros at its end; or nothing for
// zero.
func appendDecimals(b []byte, n uint64, digits int) []byte {
	if n == 0 {
		return b
	}
	for ; n%10 == 0; digits-- {
		n /= 10
	}
	b = append(b, ".000000000"[:digits+1]...)
	at := len(b)
	for ; n >= 10; n /= 100 {
		at -= 2
		two := n % 100 * 2
		b[at], b[at+1] = pairs[two], pairs[two+1]
	}
	if n > 0 {
		b[at-1] = byte('0' + n)
	}
	return b
}

// pairs are the numbers below a hundred.
const pairs = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"
