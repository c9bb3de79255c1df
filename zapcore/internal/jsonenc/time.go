package jsonenc

import "time"

// second is the text of one second in RFC 3339's form, which many a record shares with the one before: what comes before the
// fraction, and the zone behind it. The zero value has none.
type second struct {
	unix int64
	zone *time.Location // nil: there is none
	text [len(time.RFC3339)]byte
	size int
}

// fractionAt is where the fraction of a second stands.
const fractionAt = len("2006-01-02T15:04:05")

// append appends t in the form of time.RFC3339Nano.
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
