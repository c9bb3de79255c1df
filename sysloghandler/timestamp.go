package sysloghandler

import "time"

// second is the text of one second, which many a record shares with the one before. The zero value has none.
type second struct {
	unix int64
	zone *time.Location
	text [len(timestampForm) + len("+hh:mm")]byte
	size int
}

// is tells whether s is the second of t.
func (s *second) is(t time.Time) bool {
	return s.size > 0 && s.unix == t.Unix() && s.zone == t.Location()
}

func (s *second) keep(t time.Time, text []byte) {
	s.unix, s.zone, s.size = t.Unix(), t.Location(), copy(s.text[:], text)
}

// appendTimestamp is appendTimestamp with the digits taken from s where they are the same.
func (s *second) appendTimestamp(dst []byte, t time.Time) []byte {
	start := len(dst)
	if s.is(t) {
		dst = append(dst, s.text[:s.size]...)
		putMicros(dst[start:], t)
		return dst
	}
	dst = appendTimestamp(dst, t)
	if text := dst[start:]; len(text) >= len(timestampForm) {
		s.keep(t, text)
	}
	return dst
}

// appendStamp appends t as RFC 3164 section 4.1.2 says: Nov 22 10:11:12, in local time, whatever zone t is in, for that is what a
// reader takes it for. There is no nil value: a record without a time has the present one, as a relay would give it.
func (s *second) appendStamp(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		t = time.Now()
	}
	t = t.Local()
	start := len(dst)
	if s.is(t) {
		return append(dst, s.text[:s.size]...)
	}
	dst = t.AppendFormat(dst, time.Stamp)
	s.keep(t, dst[start:])
	return dst
}

// The years that are written: whole ones that fit into 64 bits of nanoseconds.
const (
	firstYear = 1678
	lastYear  = 2261
)

// timestampForm is a timestamp without its zone.
const timestampForm = "yyyy-mm-ddThh:mm:ss.uuuuuu"

// appendTimestamp appends t as RFC 5424 section 6.2.3 says, always with six fraction digits: some daemons read no other
// number of them rightly. Six is also the most that is allowed. What the RFC cannot write (no time, a year beyond 9999) is
// the nil value, and so is what no 64-bit number of nanoseconds can hold, because a receiver that keeps time so ends the connection
// (VictoriaLogs), at the cost of the messages behind. A zone whose offset is not whole minutes is written as UTC.
func appendTimestamp(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(dst, nilValue...)
	}
	_, offset := t.Zone()
	if offset%60 != 0 || offset <= -24*3600 || offset >= 24*3600 {
		offset = 0
	}
	sec := t.Unix() + int64(offset)
	days, clock := sec/86400, int(sec%86400)
	if clock < 0 {
		days, clock = days-1, clock+86400
	}
	year, month, day := civil(days)
	if year < firstYear || year > lastYear {
		return append(dst, nilValue...)
	}
	start := len(dst)
	dst = append(dst, timestampForm...)
	b := dst[start:]
	putSecond(b, year, month, day, clock)
	putMicros(b, t)
	return appendOffset(dst, offset/60)
}

// putSecond writes the digits of a date and of the second of its day into their places in a stamp.
func putSecond(b []byte, year, month, day, clock int) {
	put2(b[0:], year/100)
	put2(b[2:], year%100)
	put2(b[5:], month)
	put2(b[8:], day)
	put2(b[11:], clock/3600)
	put2(b[14:], clock/60%60)
	put2(b[17:], clock%60)
}

// appendTime appends t in the form of time.RFC3339Nano.
func appendTime(dst []byte, t time.Time) []byte {
	_, offset := t.Zone()
	sec := t.Unix() + int64(offset)
	if offset%60 != 0 || offset <= -24*3600 || offset >= 24*3600 || sec < firstSecond || sec >= lastSecond {
		return t.AppendFormat(dst, time.RFC3339Nano)
	}
	clock := int(sec % 86400)
	year, month, day := civil(sec / 86400)
	start := len(dst)
	dst = append(dst, "yyyy-mm-ddThh:mm:ss.nnnnnnnnn"...)
	b := dst[start:]
	putSecond(b, year, month, day, clock)
	nanos := t.Nanosecond()
	for at := 28; at > 20; at -= 2 {
		put2(b[at-1:], nanos%100)
		nanos /= 100
	}
	b[20] = '0' + byte(nanos)
	end := len(dst)
	for dst[end-1] == '0' {
		end--
	}
	if dst[end-1] == '.' {
		end--
	}
	return appendOffset(dst[:end], offset/60)
}

// The seconds since 1970 of years that appendTime writes itself.
const (
	firstSecond = 0
	lastSecond  = 253402300800 // the year 10000
)

// putMicros writes the microseconds of t into the timestamp b.
func putMicros(b []byte, t time.Time) {
	micros := t.Nanosecond() / 1000
	put2(b[20:], micros/10000)
	put2(b[22:], micros/100%100)
	put2(b[24:], micros%100)
}

func appendOffset(dst []byte, minutes int) []byte {
	sign := byte('+')
	switch {
	case minutes == 0:
		return append(dst, 'Z')
	case minutes < 0:
		sign, minutes = '-', -minutes
	}
	dst = append(dst, sign, 'h', 'h', ':', 'm', 'm')
	put2(dst[len(dst)-5:], minutes/60)
	put2(dst[len(dst)-2:], minutes%60)
	return dst
}

// put2 writes n, which is below 100, as two digits.
func put2(b []byte, n int) {
	_ = b[1]
	b[0], b[1] = '0'+byte(n/10), '0'+byte(n%10)
}

// civil is the date that lies days after 1970-01-01. It counts in eras of 400 years, which all have the same length, from a
// March on, so that the leap day is the last of its year.
func civil(days int64) (year, month, day int) {
	const (
		eraDays    = 146097
		toMarch0   = 719468 // from 0000-03-01 to 1970-01-01
		yearsOfEra = 400
	)
	days += toMarch0
	era := days / eraDays
	if days < 0 {
		era = (days - eraDays + 1) / eraDays
	}
	d := int(days - era*eraDays)
	y := (d - d/1460 + d/36524 - d/146096) / 365
	d -= 365*y + y/4 - y/100
	m := (5*d + 2) / 153 // from March
	day = d - (153*m+2)/5 + 1
	month = m + 3
	if month > 12 {
		month -= 12
		y++
	}
	return y + int(era)*yearsOfEra, month, day
}
