package fields

import (
	"encoding/json"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
)

// tree makes of values what encoding/json makes of a text.
type tree struct {
	key   string
	value any            // of the outermost
	obj   map[string]any // that is open; nil in an array
	list  *[]any
}

func (r *tree) set(v any) {
	switch {
	case r.obj != nil:
		r.obj[r.key] = v
	case r.list != nil:
		*r.list = append(*r.list, v)
	default:
		r.value = v
	}
}

func (r *tree) Begin(key string)               { r.key = key }
func (r *tree) Null()                          { r.set(nil) }
func (r *tree) Boolean(v bool)                 { r.set(v) }
func (r *tree) Integer(v int64)                { r.set(float64(v)) }
func (r *tree) Unsigned(v uint64)              { r.set(float64(v)) }
func (r *tree) Float(v float64, _ int)         { r.set(v) }
func (r *tree) Number(text string)             { r.set("number " + text) }
func (r *tree) Text(v string)                  { r.set(v) }
func (r *tree) JSON(w *Walker, v []byte) error { return w.Reflected(v) }
func (*tree) Complex(complex128, int)          {}
func (*tree) Binary([]byte)                    {}
func (*tree) Moment(time.Time)                 {}
func (*tree) Span(time.Duration)               {}
func (*tree) Namespace(string)                 {}
func (*tree) Leave()                           {}
func (r *tree) Object(w *Walker, m zapcore.ObjectMarshaler) error {
	outer, inner := *r, map[string]any{}
	r.obj, r.list = inner, nil
	err := w.Level(m)
	value := r.value
	*r = outer
	r.value = value
	r.set(inner)
	return err
}
func (r *tree) Array(w *Walker, m zapcore.ArrayMarshaler) error {
	outer, inner := *r, []any{}
	r.obj, r.list = nil, &inner
	err := m.MarshalLogArray(w)
	value := r.value
	*r = outer
	r.value = value
	r.set(inner)
	return err
}

// FuzzReflected: a text of JSON is taken apart as encoding/json takes it apart.
func FuzzReflected(f *testing.F) {
	for _, text := range []string{`{}`, `[]`, `null`, `true`, ` [ 1 , 2.5 , -3e5 , "x" ] `, `{"a":{"b":[{"c":"\u00e9\"\\"},[]]},"\n":null}`, `"\ud83d\ude9a\ud800"`,
		`18446744073709551615`, `-0`, `-9223372036854775808`, `{"":{" ":[[[]]]}}`, "\"\xff\"", `{"a":"}","b":"]\\"}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var want any
		if !utf8.Valid(raw) || json.Unmarshal(raw, &want) != nil { // also a number that no double holds
			return
		}
		r := new(tree)
		w := &Walker{Values: r}
		require.NoError(t, w.Reflected(raw))
		if _, ok := r.value.(string); ok {
			if number, ok := want.(float64); ok { // beyond int64 and uint64
				require.Greater(t, max(number, -number), 9e18)
				return
			}
		}
		if string(mustJSON(t, want)) == string(mustJSON(t, r.value)) {
			return
		}
		require.Contains(t, string(mustJSON(t, r.value)), "number ", "%s: %v, not %v", raw, r.value, want)
	})
}

func mustJSON(t *testing.T, v any) []byte {
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return b
}
