package msgpack

import (
	"encoding/binary"
	"errors"
	"math"
)

// Kind is the kind of a Value.
type Kind uint8

// The kinds of values.
const (
	Nil Kind = iota
	Bool
	Int   // negative
	Uint  // not negative
	Float // of 32 or 64 bits
	Text
	Bytes
	Extension
	Array // its values follow
	Map   // its keys and values follow, alternately
)

// Value is one value, or the head of a container.
type Value struct {
	Kind  Kind
	Bool  bool
	Int   int64
	Uint  uint64
	Float float64
	Bytes []byte // of a Text, Bytes or Extension: a part of the message
	Type  int8   // of an Extension
	Count uint32 // values of an Array, or pairs of a Map
}

// ErrInvalid is the error of Next and Size for input that is not MessagePack.
var ErrInvalid = errors.New("no MessagePack: a value begins with c1")

// Next returns the value at the beginning of b and its size; 0 if it is incomplete. For an array or a map it returns the head.
func Next(b []byte) (v Value, n int, err error) {
	if len(b) == 0 {
		return v, 0, nil
	}
	switch code := b[0]; {
	case code < 0x80:
		return Value{Kind: Uint, Uint: uint64(code)}, 1, nil
	case code < 0x90:
		return Value{Kind: Map, Count: uint32(code & 15)}, 1, nil
	case code < 0xa0:
		return Value{Kind: Array, Count: uint32(code & 15)}, 1, nil
	case code < 0xc0:
		v, n = data(Text, b, 1, uint64(code&31))
		return v, n, nil
	case code >= 0xe0:
		return Value{Kind: Int, Int: int64(int8(code))}, 1, nil
	default:
		return coded(b)
	}
}

// coded is Next for values that begin with c0 to df.
func coded(b []byte) (v Value, n int, err error) {
	code := b[0]
	switch code {
	case 0xc0:
		return Value{Kind: Nil}, 1, nil
	case 0xc1:
		return v, 0, ErrInvalid
	case 0xc2, 0xc3:
		return Value{Kind: Bool, Bool: code == 0xc3}, 1, nil
	}
	if code >= 0xd4 && code <= 0xd8 { // extensions of 1, 2, 4, 8 and 16 bytes
		v, n = data(Extension, b, 1, 1<<(code-0xd4))
		return v, n, nil
	}
	width := widths[code&31]
	if len(b) < 1+width {
		return v, 0, nil
	}
	u := number(b[1 : 1+width])
	n = 1 + width
	switch {
	case code <= 0xc6:
		v, n = data(Bytes, b, n, u)
	case code <= 0xc9:
		v, n = data(Extension, b, n, u)
	case code == 0xca:
		v = Value{Kind: Float, Float: float64(math.Float32frombits(uint32(u)))}
	case code == 0xcb:
		v = Value{Kind: Float, Float: math.Float64frombits(u)}
	case code <= 0xcf:
		v = Value{Kind: Uint, Uint: u}
	case code <= 0xd3:
		v = signed(u, width)
	case code <= 0xdb:
		v, n = data(Text, b, n, u)
	case code <= 0xdd:
		v = Value{Kind: Array, Count: uint32(u)}
	default:
		v = Value{Kind: Map, Count: uint32(u)}
	}
	return v, n, nil
}

// widths are the sizes of the number behind each code from c0 on.
var widths = [32]int{4: 1, 2, 4, 1, 2, 4, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 25: 1, 2, 4, 2, 4, 2, 4}

func number(b []byte) uint64 {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.BigEndian.Uint16(b))
	case 4:
		return uint64(binary.BigEndian.Uint32(b))
	default:
		return binary.BigEndian.Uint64(b)
	}
}

func signed(u uint64, width int) Value {
	shift := 64 - 8*width
	if i := int64(u<<shift) >> shift; i < 0 {
		return Value{Kind: Int, Int: i}
	}
	return Value{Kind: Uint, Uint: u}
}

// data returns the value whose size bytes begin at at in b, for an Extension behind its type; 0 if they are incomplete.
func data(kind Kind, b []byte, at int, size uint64) (v Value, n int) {
	v.Kind = kind
	if kind == Extension {
		if len(b) <= at {
			return v, 0
		}
		v.Type = int8(b[at])
		at++
	}
	if uint64(len(b)-at) < size {
		return v, 0
	}
	end := at + int(size)
	v.Bytes = b[at:end:end]
	return v, end
}

// Size returns the size of the value at the beginning of b with everything in it; 0 if it is incomplete.
func Size(b []byte) (int, error) {
	at := 0
	for left := uint64(1); left > 0; left-- {
		v, n, err := Next(b[at:])
		if err != nil || n == 0 {
			return 0, err
		}
		at += n
		switch v.Kind {
		case Array:
			left += uint64(v.Count)
		case Map:
			left += 2 * uint64(v.Count)
		}
	}
	return at, nil
}
