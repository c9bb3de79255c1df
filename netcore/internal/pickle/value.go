package pickle

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The most frequent values are pointers, which an interface holds without an allocation.
type (
	Text  = *string
	Int   = *int64
	Float = *float64
)

// Number is a decimal number that no Go type holds exactly, written as a JSON number.
type Number string

// List is a list, tuple, set, or another container of items.
type List struct {
	Items []any

	tuple bool
	open  bool // it is being resolved
}

// Dict is a container of keys and values.
type Dict struct {
	Items []any // key, value, key, value …

	open bool
}

// newText returns s as a value.
func newText(s string) Text { return &s }

// Clean returns s as valid UTF-8. Python's strings may hold lone surrogates, and Python 2's any bytes.
func Clean(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\ufffd")
}

// String returns any value as a text: a text unchanged, lists and dicts as Python writes them, but with double quotes. It is for
// keys, and for everything that must be a text.
func String(v any) string {
	switch v := v.(type) {
	case Text:
		return Clean(*v)
	case []byte:
		return Clean(string(v))
	}
	return string(appendText(nil, v))
}

func appendText(dst []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "None"...)
	case Text:
		return strconv.AppendQuote(dst, Clean(*v))
	case []byte:
		return strconv.AppendQuote(dst, Clean(string(v)))
	case bool:
		if v {
			return append(dst, "True"...)
		}
		return append(dst, "False"...)
	case Int:
		return strconv.AppendInt(dst, *v, 10)
	case *big.Int:
		return v.Append(dst, 10)
	case Float:
		return strconv.AppendFloat(dst, *v, 'g', -1, 64)
	case Number:
		return append(dst, v...)
	case time.Time:
		return v.AppendFormat(dst, time.RFC3339Nano)
	case *List:
		if v.tuple {
			return appendItems(append(dst, '('), v.Items, 1, ')')
		}
		return appendItems(append(dst, '['), v.Items, 1, ']')
	case *Dict:
		return appendItems(append(dst, '{'), v.Items, 2, '}')
	}
	return fmt.Append(dst, v) // complex128 and time.Duration
}

// appendItems writes items and the closing end. An item has parts values: 1 in a list, 2 in a dict.
func appendItems(dst []byte, items []any, parts int, end byte) []byte {
	for i, v := range items {
		switch {
		case i == 0:
		case i%parts == 0:
			dst = append(dst, ", "...)
		default:
			dst = append(dst, ": "...)
		}
		dst = appendText(dst, v)
	}
	return append(dst, end)
}
