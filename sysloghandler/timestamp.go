package sysloghandler

import "time"

// appendTimestamp appends t as RFC 5424 section 6.2.3 says, always with six fraction digits: some daemons read no other
// number of them rightly. Six is also the most that is allowed. What the RFC cannot write (no time, a year beyond 9999) is
// the nil value; a zone whose offset is not whole minutes is written as UTC.
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
	if year < 0 || year > 9999 {
		return append(dst, nilValue...)
	}
	micros := t.Nanosecond() / 1000
	dst = append(dst,
		digit(year/1000), digit(year/100), digit(year/10), digit(year), '-',
		digit(month/10), digit(month), '-',
		digit(day/10), digit(day), 'T',
		digit(clock/36000), digit(clock/3600), ':',
		digit(clock/600%6), digit(clock/60), ':',
		digit(clock/10%6), digit(clock), '.',
		digit(micros/100000), digit(micros/10000), digit(micros/1000), digit(micros/100), digit(micros/10), digit(micros))
	return appendOffset(dst, offset/60)
}

func appendOffset(dst []byte, minutes int) []byte {
	sign := byte('+')
	switch {
	case minutes == 0:
		return append(dst, 'Z')
	case minutes < 0:
		sign, minutes = '-', -minutes
	}
	return append(dst, sign, digit(minutes/600), digit(minutes/60), ':', digit(minutes/10%6), digit(minutes))
}

// digit is the last decimal digit of n.
func digit(n int) byte { return '0' + byte(n%10) }

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
