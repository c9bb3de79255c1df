package msgpack

import (
	"encoding/binary"
	"math"
)

// AppendNil appends nil.
func AppendNil(b []byte) []byte { return append(b, 0xc0) }

// AppendBool appends v.
func AppendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 0xc3)
	}
	return append(b, 0xc2)
}

// AppendUint appends v.
func AppendUint(b []byte, v uint64) []byte {
	switch {
	case v < 1<<7:
		return append(b, byte(v))
	case v <= math.MaxUint8:
		return append(b, 0xcc, byte(v))
	case v <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, 0xcd), uint16(v))
	case v <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, 0xce), uint32(v))
	default:
		return binary.BigEndian.AppendUint64(append(b, 0xcf), v)
	}
}

// AppendInt appends v.
func AppendInt(b []byte, v int64) []byte {
	switch {
	case v >= 0:
		return AppendUint(b, uint64(v))
	case v >= -32:
		return append(b, byte(v))
	case v >= math.MinInt8:
		return append(b, 0xd0, byte(v))
	case v >= math.MinInt16:
		return binary.BigEndian.AppendUint16(append(b, 0xd1), uint16(v))
	case v >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(b, 0xd2), uint32(v))
	default:
		return binary.BigEndian.AppendUint64(append(b, 0xd3), uint64(v))
	}
}

// AppendFloat32 appends v in 32 bits.
func AppendFloat32(b []byte, v float32) []byte {
	return binary.BigEndian.AppendUint32(append(b, 0xca), math.Float32bits(v))
}

// AppendFloat64 appends v in 64 bits.
func AppendFloat64(b []byte, v float64) []byte {
	return binary.BigEndian.AppendUint64(append(b, 0xcb), math.Float64bits(v))
}

// AppendText appends s as a string. The caller decides whether it must be UTF-8.
func AppendText[T string | []byte](b []byte, s T) []byte {
	switch n := len(s); {
	case n < 1<<5:
		b = append(b, 0xa0|byte(n))
	case n <= math.MaxUint8:
		b = append(b, 0xd9, byte(n))
	default:
		b = appendLength(b, 0xda, n)
	}
	return append(b, s...)
}

// AppendBytes appends s as binary.
func AppendBytes[T string | []byte](b []byte, s T) []byte {
	if n := len(s); n <= math.MaxUint8 {
		b = append(b, 0xc4, byte(n))
	} else {
		b = appendLength(b, 0xc5, n)
	}
	return append(b, s...)
}

// appendLength appends a length of 16 bits after code, or one of 32 bits after code+1.
func appendLength(b []byte, code byte, n int) []byte {
	if n <= math.MaxUint16 {
		return binary.BigEndian.AppendUint16(append(b, code), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(b, code+1), uint32(n))
}

// Container is an array or a map being written.
type Container struct {
	begin int // where the head begins
	room  int // size of the head
	array bool
}

// OpenMap begins a map. room is the expected size of its head, in bytes: 1 for up to 15 pairs, 3 up to 65,535, else 5.
func OpenMap(b []byte, room int) ([]byte, Container) { return open(b, room, false) }

// OpenArray begins an array. room is the expected size of its head, in bytes: 1 for up to 15 values, 3 up to 65,535, else 5.
func OpenArray(b []byte, room int) ([]byte, Container) { return open(b, room, true) }

func open(b []byte, room int, array bool) ([]byte, Container) {
	c := Container{begin: len(b), room: room, array: array}
	var head [5]byte
	return append(b, head[:room]...), c
}

// Close ends c, which has got n values or pairs. c must be the container of b that was opened last and is not closed yet.
func (c Container) Close(b []byte, n int) []byte {
	size := c.room
	switch {
	case n > math.MaxUint16:
		size = 5
	case n > 15 && size == 1:
		size = 3
	}
	if more := size - c.room; more > 0 {
		var room [4]byte
		b = append(b, room[:more]...)
		copy(b[c.begin+size:], b[c.begin+c.room:len(b)-more])
	}
	small, large := byte(0x80), byte(0xde)
	if c.array {
		small, large = 0x90, 0xdc
	}
	switch head := b[c.begin : c.begin : c.begin+size]; size {
	case 1:
		_ = append(head, small|byte(n))
	case 3:
		_ = binary.BigEndian.AppendUint16(append(head, large), uint16(n))
	default:
		_ = binary.BigEndian.AppendUint32(append(head, large+1), uint32(n))
	}
	return b
}
