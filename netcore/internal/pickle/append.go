package pickle

import (
	"encoding/binary"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// The Append functions append one value in protocol 1, as Python's SocketHandler writes it. AppendBytes, AppendComplex, AppendDuration and
// AppendTime name a class or a function: a receiver that forbids all globals refuses a pickle with one of these.

// BeginDict begins a dict. Keys and values follow, and then EndDict.
func BeginDict(b []byte) []byte { return append(b, opEmptyDict, opMark) }

// EndDict ends a dict.
func EndDict(b []byte) []byte { return append(b, opSetItems) }

// BeginList begins a list. Values follow, and then EndList.
func BeginList(b []byte) []byte { return append(b, opEmptyList, opMark) }

// EndList ends a list.
func EndList(b []byte) []byte { return append(b, opAppends) }

// End ends a pickle. It follows its one value.
func End(b []byte) []byte { return append(b, opStop) }

// AppendNone appends None.
func AppendNone(b []byte) []byte { return append(b, opNone) }

// AppendText appends a str. Invalid UTF-8 becomes U+FFFD, because Python's str cannot hold it.
func AppendText(b []byte, s string) []byte {
	if !utf8.ValidString(s) {
		return AppendTexts(b, s)
	}
	n := len(s)
	return append(append(b, opBinUnicode, byte(n), byte(n>>8), byte(n>>16), byte(n>>24)), s...)
}

// AppendTexts appends the concatenated parts as one str.
func AppendTexts(b []byte, parts ...string) []byte {
	b = append(b, opBinUnicode, 0, 0, 0, 0)
	start := len(b)
	for _, part := range parts {
		if utf8.ValidString(part) {
			b = append(b, part...)
			continue
		}
		for _, r := range part {
			b = utf8.AppendRune(b, r)
		}
	}
	binary.LittleEndian.PutUint32(b[start-4:], uint32(len(b)-start))
	return b
}

// AppendBool appends a bool.
func AppendBool(b []byte, v bool) []byte {
	digit := byte('0')
	if v {
		digit = '1'
	}
	return append(b, opInt, '0', digit, '\n')
}

// AppendInt appends an int.
func AppendInt(b []byte, v int64) []byte {
	switch {
	case v >= 0 && v < 1<<8:
		return append(b, opBinInt1, byte(v))
	case v >= 0 && v < 1<<16:
		return binary.LittleEndian.AppendUint16(append(b, opBinInt2), uint16(v))
	case v == int64(int32(v)):
		return binary.LittleEndian.AppendUint32(append(b, opBinInt), uint32(v))
	}
	return append(strconv.AppendInt(append(b, opLong), v, 10), 'L', '\n')
}

// AppendUint appends an int.
func AppendUint(b []byte, v uint64) []byte {
	if v <= math.MaxInt64 {
		return AppendInt(b, int64(v))
	}
	return append(strconv.AppendUint(append(b, opLong), v, 10), 'L', '\n')
}

// AppendDigits appends an int given by its decimal digits, with an optional minus.
func AppendDigits(b []byte, digits string) []byte {
	return append(append(append(b, opLong), digits...), 'L', '\n')
}

// AppendFloat appends a float.
func AppendFloat(b []byte, v float64) []byte {
	return binary.BigEndian.AppendUint64(append(b, opBinFloat), math.Float64bits(v))
}

// beginCall begins a call of a global. Its arguments follow, and then endCall.
func beginCall(b []byte, module, name string) []byte {
	b = append(append(append(append(b, opGlobal), module...), '\n'), name...)
	return append(b, '\n', opMark)
}

func endCall(b []byte) []byte { return append(b, opTuple, opReduce) }

// AppendComplex appends a complex as a call of its class.
func AppendComplex(b []byte, v complex128) []byte {
	b = beginCall(b, "__builtin__", "complex")
	b = AppendFloat(b, real(v))
	return endCall(AppendFloat(b, imag(v)))
}

// AppendBytes appends bytes as Python does: each as a character, for _codecs.encode to encode as Latin-1.
func AppendBytes(b, v []byte) []byte {
	b = append(beginCall(b, "_codecs", "encode"), opBinUnicode, 0, 0, 0, 0)
	start := len(b)
	for _, c := range v {
		b = utf8.AppendRune(b, rune(c))
	}
	binary.LittleEndian.PutUint32(b[start-4:], uint32(len(b)-start))
	return endCall(AppendText(b, "latin1"))
}

// AppendDuration appends a datetime.timedelta, to the microsecond.
func AppendDuration(b []byte, v time.Duration) []byte {
	b = beginCall(b, "datetime", "timedelta")
	const day = 24 * time.Hour
	days := v / day
	if v -= days * day; v < 0 {
		days, v = days-1, v+day
	}
	b = AppendInt(b, int64(days))
	b = AppendInt(b, int64(v/time.Second))
	return endCall(AppendInt(b, int64(v%time.Second/time.Microsecond)))
}

// AppendTime appends an aware datetime.datetime, to the microsecond. A year that Python does not have becomes a str.
func AppendTime(b []byte, t time.Time) []byte {
	_, offset := t.Zone()
	if offset <= -86400 || offset >= 86400 { // Python's offsets are less than a day
		t, offset = t.UTC(), 0
	}
	year, month, day := t.Date()
	if year < 1 || year > 9999 {
		return AppendText(b, t.Format(time.RFC3339Nano))
	}
	micro := t.Nanosecond() / 1000
	b = beginCall(b, "datetime", "datetime")
	b = AppendBytes(b, []byte{byte(year >> 8), byte(year), byte(month), byte(day), byte(t.Hour()), byte(t.Minute()), byte(t.Second()),
		byte(micro >> 16), byte(micro >> 8), byte(micro)})
	b = beginCall(b, "datetime", "timezone")
	b = AppendDuration(b, time.Duration(offset)*time.Second)
	return endCall(endCall(b))
}
