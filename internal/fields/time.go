package fields

import (
	"math"
	"time"

	"go.uber.org/zap/zapcore"
)

// Nanos returns t in nanoseconds since 1970, or the nearest int64: that covers the years 1677 to 2262.
func Nanos(t time.Time) int64 {
	switch s := t.Unix(); { // comparing times would wrap for those farthest away
	case s <= math.MinInt64/second:
		return math.MinInt64
	case s >= math.MaxInt64/second:
		return math.MaxInt64
	}
	return t.UnixNano()
}

// RFC3339 is zapcore.RFC3339NanoTimeEncoder, except for times that RFC 3339 cannot write: its years have four digits, so others are
// replaced by the nearest time. A zone that it cannot write, or that readers in Java do not accept, is written as UTC.
func RFC3339(t time.Time, enc zapcore.PrimitiveArrayEncoder) {
	zapcore.RFC3339NanoTimeEncoder(Writable(t), enc)
}

// Writable returns t, or the time that RFC3339 writes instead.
func Writable(t time.Time) time.Time {
	if _, offset := t.Zone(); offset%60 != 0 || offset < -farthestZone || offset > farthestZone {
		t = t.UTC()
	}
	if s := t.Unix(); s < firstSecond+day || s > lastSecond-day { // a zone may be a day away
		t = Clamped(t)
	}
	return t
}

// Clamped returns t, or the nearest time of the years 0 to 9999 in its zone.
func Clamped(t time.Time) time.Time {
	s, year := t.Unix(), t.Year() // the year wraps for the times farthest away
	switch {
	case s < firstSecond-day || s < 0 && year < 0:
		return time.Unix(firstSecond, 0).UTC()
	case s > lastSecond+day || s > 0 && year > 9999:
		return time.Unix(lastSecond, 999_999_999).UTC()
	}
	return t
}

const (
	firstSecond = -62_167_219_200 // 0000-01-01T00:00:00Z
	lastSecond  = 253_402_300_799 // 9999-12-31T23:59:59Z
	day         = 24 * 60 * 60
	second      = 1_000_000_000 // in nanoseconds

	farthestZone = 18 * 60 * 60 // of java.time.ZoneOffset, in seconds
)
