package pickle

import (
	"encoding/binary"
	"math"
	"math/big"
	"unicode/utf16"
)

// buildArray makes an array as protocols below 3 write it: of its type code, and a list or a text of characters.
func buildArray(args []any) (any, error) {
	if len(args) < 2 {
		return nil, errArguments
	}
	kind, _ := pointed[string](args, 0)
	items, ok := argument[*List](args, 1)
	if !ok {
		return nil, errArguments
	}
	if kind != "u" && kind != "w" {
		return &List{Items: append([]any(nil), items.Items...)}, nil
	}
	var text []byte
	for i := range items.Items {
		char, _ := pointed[string](items.Items, i)
		text = append(text, char...)
	}
	return newText(string(text)), nil
}

// format is one of CPython's machine formats for the elements of an array, which are numbered. Except for single bytes they come in
// pairs, a little-endian and a big-endian one.
type format struct {
	size int
	read func(order binary.ByteOrder, b []byte) any
}

var formats = []format{
	{2, func(o binary.ByteOrder, b []byte) any { return newInt(int64(o.Uint16(b))) }},
	{2, func(o binary.ByteOrder, b []byte) any { return newInt(int64(int16(o.Uint16(b)))) }},
	{4, func(o binary.ByteOrder, b []byte) any { return newInt(int64(o.Uint32(b))) }},
	{4, func(o binary.ByteOrder, b []byte) any { return newInt(int64(int32(o.Uint32(b)))) }},
	{8, func(o binary.ByteOrder, b []byte) any { return newUint(o.Uint64(b)) }},
	{8, func(o binary.ByteOrder, b []byte) any { return newInt(int64(o.Uint64(b))) }},
	{4, func(o binary.ByteOrder, b []byte) any { return newFloat(float64(math.Float32frombits(o.Uint32(b)))) }},
	{8, func(o binary.ByteOrder, b []byte) any { return newFloat(math.Float64frombits(o.Uint64(b))) }},
}

// The numbers of the machine formats that are not in formats.
const (
	formatUint8   = 0
	formatInt8    = 1
	formatUTF16   = 18
	formatUTF16BE = 19
	formatUTF32   = 20
	formatUTF32BE = 21
)

func newInt(v int64) any     { return &v }
func newFloat(v float64) any { return &v }
func newUint(v uint64) any {
	if v > math.MaxInt64 {
		return new(big.Int).SetUint64(v)
	}
	return newInt(int64(v))
}

// packedArray makes an array from bytes. Its arguments are the class, the type code, the number of the machine format, and the bytes.
var packedArray = name{"array", "_array_reconstructor"}

// maxElements is how many elements an array may have. A longer one is shown by its arguments, with the bytes unchanged.
const maxElements = 1 << 16

// elements returns how many elements a packed array has; 0 if they are too many.
func elements(args []any) int {
	number, _ := pointed[int64](args, 2)
	b, _ := argument[[]byte](args, 3)
	size := 1
	if number > formatInt8 && number < formatUTF16 {
		size = formats[(number-2)/2].size
	}
	if n := len(b) / size; n <= maxElements {
		return n
	}
	return 0
}

func buildPackedArray(args []any) (any, error) {
	number, ok := pointed[int64](args, 2)
	b, ok2 := argument[[]byte](args, 3)
	if !ok || !ok2 || elements(args) == 0 && len(b) > 0 {
		return nil, errArguments
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if number%2 == 1 {
		order = binary.BigEndian
	}
	switch {
	case number == formatUTF16 || number == formatUTF16BE || number == formatUTF32 || number == formatUTF32BE:
		return packedText(number, order, b), nil
	case number < 0 || number > formatUTF32BE:
		return nil, errArguments
	}
	list := &List{Items: make([]any, 0, elements(args))}
	for len(b) > 0 {
		var v any
		switch number {
		case formatUint8:
			v, b = newInt(int64(b[0])), b[1:]
		case formatInt8:
			v, b = newInt(int64(int8(b[0]))), b[1:]
		default:
			f := formats[(number-2)/2]
			if len(b) < f.size {
				return list, nil
			}
			v, b = f.read(order, b), b[f.size:]
		}
		list.Items = append(list.Items, v)
	}
	return list, nil
}

// packedText reads an array of characters.
func packedText(number int64, order binary.ByteOrder, b []byte) Text {
	if number == formatUTF16 || number == formatUTF16BE {
		var units []uint16
		for ; len(b) >= 2; b = b[2:] {
			units = append(units, order.Uint16(b))
		}
		return newText(string(utf16.Decode(units)))
	}
	var chars []rune
	for ; len(b) >= 4; b = b[4:] {
		chars = append(chars, rune(order.Uint32(b)))
	}
	return newText(string(chars))
}
