package fields

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"sync"
	"unsafe"

	"go.uber.org/zap/zapcore"
)

// Reflected passes raw, which must be JSON, to Values as the kinds of value that it consists of. Begin was called before. Numbers are
// exact: an Integer or Unsigned if they are whole and fit, a Float if they have a fraction or an exponent, else a Number.
func (w *Walker) Reflected(raw []byte) error {
	s := strings.TrimLeft(unsafe.String(unsafe.SliceData(raw), len(raw)), jsonBlank)
	if s == "" {
		w.Null()
		return nil
	}
	switch s[0] {
	case '{':
		n := getJSON(s)
		defer jsonPool.Put(n)
		return w.Object(w, n)
	case '[':
		n := getJSON(s)
		defer jsonPool.Put(n)
		return w.Array(w, n)
	case '"':
		text, _ := jsonString(s)
		w.Text(text)
	case 't', 'f':
		w.Boolean(s[0] == 't')
	case 'n':
		w.Null()
	default:
		w.number(strings.TrimRight(s, jsonBlank))
	}
	return nil
}

const jsonBlank = " \t\r\n"

func (w *Walker) number(s string) {
	if s == "-0" { // integers have no negative zero
		w.Float(math.Copysign(0, -1), 64)
	} else if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		w.Integer(i)
	} else if u, err := strconv.ParseUint(s, 10, 64); err == nil {
		w.Unsigned(u)
	} else if f, err := strconv.ParseFloat(s, 64); err == nil && strings.ContainsAny(s, ".eE") {
		w.Float(f, 64)
	} else {
		w.Number(s)
	}
}

// jsonValue is an object or array in JSON text. It implements zap's marshalers.
type jsonValue struct{ s string }

var jsonPool = sync.Pool{New: func() any { return new(jsonValue) }}

func getJSON(s string) *jsonValue {
	n := jsonPool.Get().(*jsonValue)
	n.s = s
	return n
}

// MarshalLogObject implements zapcore.ObjectMarshaler. enc is a Walker: only this package makes a jsonValue.
func (n *jsonValue) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	w := enc.(*Walker)
	for s := skipBlank(n.s[1:]); s[0] != '}'; {
		if s[0] == ',' {
			s = skipBlank(s[1:])
		}
		key, end := jsonString(s)
		s = skipBlank(skipBlank(s[end:])[1:]) // behind the colon
		end = jsonEnd(s)
		w.Begin(key)
		if err := w.JSON(w, unsafe.Slice(unsafe.StringData(s), end)); err != nil {
			return err
		}
		s = skipBlank(s[end:])
	}
	return nil
}

// MarshalLogArray implements zapcore.ArrayMarshaler.
func (n *jsonValue) MarshalLogArray(enc zapcore.ArrayEncoder) error {
	w := enc.(*Walker)
	for s := skipBlank(n.s[1:]); s[0] != ']'; {
		if s[0] == ',' {
			s = skipBlank(s[1:])
		}
		end := jsonEnd(s)
		w.Begin("")
		if err := w.JSON(w, unsafe.Slice(unsafe.StringData(s), end)); err != nil {
			return err
		}
		s = skipBlank(s[end:])
	}
	return nil
}

func skipBlank(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\n' || s[0] == '\t' || s[0] == '\r') {
		s = s[1:]
	}
	return s
}

// jsonString returns the text at the beginning of s, and where it ends.
func jsonString(s string) (text string, end int) {
	plain := true
	for end = 1; s[end] != '"'; end++ {
		if s[end] == '\\' {
			plain = false
			end++
		}
	}
	end++
	if plain {
		return s[1 : end-1], end
	}
	_ = json.Unmarshal([]byte(s[:end]), &text) // it is JSON
	return text, end
}

// jsonEnd returns where the value at the beginning of s ends.
func jsonEnd(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			for i++; s[i] != '"'; i++ {
				if s[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
			continue
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
		case ',', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return i
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(s)
}
