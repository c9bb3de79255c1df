package sysloghandler

import "time"

// timestampCache is the text of the last second, which many records share. The zero value is empty.
type timestampCache struct {
	unix int64
	zone *time.Location
	text [len(timestampForm) + len("+hh:mm")]byte
	size int
}

// is reports whether c holds the second of t.
func (c *timestampCache) is(t time.Time) bool {
	return c.size > 0 && c.unix == t.Unix() && c.zone == t.Location()
}

func (c *timestampCache) keep(t time.Time, text []byte) {
	c.unix, c.zone, c.size = t.Unix(), t.Location(), copy(c.text[:], text)
}

// appendTimestamp is the function appendTimestamp, with the digits taken from c if they are the same.
func (c *timestampCache) appendTimestamp(dst []byte, t time.Time) []byte {
	start := len(dst)
	if c.is(t) {
		dst = append(dst, c.text[:c.size]...)
		putMicros(dst[start:], t)
		return dst
	}
	dst = appendTimestamp(dst, t)
	if text := dst[start:]; len(text) >= len(timestampForm) {
		c.keep(t, text)
	}
	return dst
}

// appendStamp appends t as in RFC 3164 section 4.1.2: Nov 22 10:11:12. It is in local time, whatever zone t has, because readers
// assume that. The format has no nil value: a record without a time gets the current time, as a relay would set it.
func (c *timestampCache) appendStamp(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		t = time.Now()
	}
	t = t.Local()
	start := len(dst)
	if c.is(t) {
		return append(dst, c.text[:c.size]...)
	}
	dst = t.AppendFormat(dst, time.Stamp)
	c.keep(t, dst[start:])
	return dst
}

// The years that are written: those that fit completely into 64 bits of nanoseconds.
const (
	firstYear = 1678
	lastYear  = 2261
)

// timestampForm is a timestamp without its zone.
const timestampForm = "yyyy-mm-ddThh:mm:ss.uuuuuu"

// appendTimestamp appends t as in RFC 5424 section 6.2.3, always with six fraction digits: this is the maximum, and some daemons
// misread any other number. The nil value stands for no time and for years that 64 bits of nanoseconds cannot hold, because a
// receiver that keeps time in them hangs up (VictoriaLogs), at the cost of the messages behind. A zone offset that is not in whole
// minutes is written as UTC.
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

// putSecond writes the digits of a date and of the second of its day into a timestamp.
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

// appendTime writes times from 1970 to 9999 itself. These are their limits in seconds since 1970.
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

// civil returns the date that is days after 1970-01-01. It counts in eras of 400 years, which all have the same length. Its years
// begin in March, so that the leap day is the last of its year.
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
