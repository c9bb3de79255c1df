package jsonenc

import (
	"time"
	"unsafe"
)

// second caches the RFC 3339 text of the last second, without a fraction, because many records are written in the same second. The zero
// value is empty.
type second struct {
	unix int64
	zone *time.Location // nil: the cache is empty
	text [len(time.RFC3339)]byte
	size int
}

// fractionAt is where in the text a fraction goes.
const fractionAt = len("2006-01-02T15:04:05")

// append appends t as time.RFC3339Nano.
func (s *second) append(b []byte, t time.Time) []byte {
	if s.zone != t.Location() || s.unix != t.Unix() {
		start := len(b)
		b = t.AppendFormat(b, time.RFC3339)
		text := b[start:]
		if t.Year() < 0 || t.Year() > 9999 || len(text) > len(s.text) {
			return t.AppendFormat(b[:start], time.RFC3339Nano)
		}
		s.unix, s.zone, s.size = t.Unix(), t.Location(), copy(s.text[:], text)
		b = b[:start]
	}
	b = append(b, s.text[:fractionAt]...)
	b = appendDecimals(b, uint64(t.Nanosecond()), 9)
	return append(b, s.text[fractionAt:s.size]...)
}

// epoch caches the text of the last second since 1970, because many records are written in the same second. The zero value is empty.
type epoch struct {
	second uint64
	text   [epochDigits]byte
}

// epochDigits is how many digits the seconds have from 2001 to 2286.
const epochDigits = 10

// append appends a time in nanoseconds since 1970 as zap's EpochTimeEncoder does: as float64(nanos)/1e9.
func (e *epoch) append(b []byte, nanos int64) []byte {
	v := float64(nanos) / float64(time.Second)
	if !(v >= 1<<30 && v < 1<<33) {
		return appendFloat(b, v)
	}
	second, decimals, digits := shortestEpoch(v)
	if digits == 0 {
		return appendAnyFloat(b, v, 64)
	}
	if second != e.second {
		e.second = second
		putUint(unsafe.Pointer(&e.text), second)
	}
	const room = epochDigits + 1 + 7
	if cap(b)-len(b) < room {
		b = grow(b, room)
	}
	n := len(b)
	to := unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), n)
	*(*[epochDigits]byte)(to) = e.text
	*(*byte)(unsafe.Add(to, epochDigits)) = '.'
	to = unsafe.Add(to, epochDigits+1)
	switch {
	case digits == 7: // the last is no zero: else six had done
		put7(to, decimals)
		return b[:n+room]
	case decimals%10 != 0:
		put6(to, decimals)
		return b[:n+room-1]
	}
	return appendDecimals(b[:n+epochDigits], decimals, digits)
}
