package httpcore

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// otlpValues writes values as OTLP's AnyValue in protobuf's JSON: {"intValue":"7"}, and each under its key as a KeyValue:
// {"key":"n","value":{"intValue":"7"}}.
type otlpValues struct {
	out     []byte
	scratch []byte
	inArray bool
	depth   int       // of objects, arrays and namespaces around the value
	key     string    // of the value to come
	ids     [2]otlpID // trace and span
	failed  bool      // there was an error among the fields
}

// otlpID is a field that becomes an id of the record.
type otlpID struct {
	field  string
	digits int
	value  []byte // found; empty if not
}

const openList, closeList = `{"kvlistValue":{"values":[`, `]}}`

// begin leaves the key for open to write: some texts are no attributes, or attributes of another name.
func (o *otlpValues) begin(key string) { o.key = key }

// take makes v an id of the record, if it is one.
func (o *otlpValues) take(v string) bool {
	for i := range o.ids {
		if id := &o.ids[i]; id.field == o.key && len(id.value) == 0 && isHex(v, id.digits) {
			id.value = append(id.value, strings.ToLower(v)...)
			return true
		}
	}
	return false
}

// announce writes what goes before a value.
func (o *otlpValues) announce(key string) {
	if o.out[len(o.out)-1] != '[' {
		o.out = append(o.out, ',')
	}
	if !o.inArray {
		o.out = append(base.AppendJSONString(append(o.out, `{"key":`...), key), `,"value":`...)
	}
}

// open writes the key and the beginning of a value of that kind.
func (o *otlpValues) open(kind string) {
	o.announce(o.key)
	o.out = append(o.out, kind...)
}

func (o *otlpValues) close(text string) {
	o.out = append(o.out, text...)
	if !o.inArray {
		o.out = append(o.out, '}')
	}
}

func (o *otlpValues) text(v string) {
	if o.depth == 0 && !o.inArray {
		if o.take(v) {
			return
		}
		if o.key == zapError {
			o.key, o.failed = "exception.message", true
		}
	}
	o.open(`{"stringValue":`)
	o.out = base.AppendJSONString(o.out, v)
	o.close("}")
}

// zapError is the key of zap.Error.
const zapError = "error"

// isHex tells whether s is an id of that many digits; one of zeros only is none (W3C Trace Context).
func isHex(s string, digits int) bool {
	return len(s) == digits && strings.Trim(s, "0") != "" &&
		!strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF", r) })
}

func (o *otlpValues) null() { o.open("{"); o.close("}") }
func (o *otlpValues) boolean(v bool) {
	o.open(`{"boolValue":`)
	o.out = strconv.AppendBool(o.out, v)
	o.close("}")
}
func (o *otlpValues) integer(v int64) {
	o.open(`{"intValue":"`)
	o.out = strconv.AppendInt(o.out, v, 10)
	o.close(`"}`)
}
func (o *otlpValues) unsigned(v uint64) {
	if v > math.MaxInt64 {
		o.text(strconv.FormatUint(v, 10))
		return
	}
	o.integer(int64(v))
}
func (o *otlpValues) float(v float64, _ int) {
	o.open(`{"doubleValue":`)
	switch {
	case math.IsNaN(v):
		o.out = append(o.out, `"NaN"`...)
	case math.IsInf(v, 1):
		o.out = append(o.out, `"Infinity"`...)
	case math.IsInf(v, -1):
		o.out = append(o.out, `"-Infinity"`...)
	default:
		o.out = strconv.AppendFloat(o.out, v, 'g', -1, 64) // a float32 by its exact value, as OpenTelemetry has it
	}
	o.close("}")
}
func (o *otlpValues) complex(v complex128, bits int) {
	o.open(openList)
	_ = o.nest(false, func() error {
		o.begin("r")
		o.float(real(v), bits/2)
		o.begin("i")
		o.float(imag(v), bits/2)
		return nil
	})
	o.close(closeList)
}
func (o *otlpValues) binary(v []byte) {
	o.open(`{"bytesValue":"`)
	o.out = base64.StdEncoding.AppendEncode(o.out, v)
	o.close(`"}`)
}
func (o *otlpValues) moment(v time.Time)   { o.integer(v.UnixNano()) }
func (o *otlpValues) span(v time.Duration) { o.integer(int64(v)) }

func (o *otlpValues) object(w *walker, m zapcore.ObjectMarshaler) error {
	o.open(openList)
	err := o.nest(false, func() error { return w.level(m) })
	o.close(closeList)
	return err
}

func (o *otlpValues) array(w *walker, m zapcore.ArrayMarshaler) error {
	o.open(`{"arrayValue":{"values":[`)
	err := o.nest(true, func() error { return m.MarshalLogArray(w) })
	o.close(closeList)
	return err
}

func (o *otlpValues) nest(array bool, inside func() error) error {
	outer := o.inArray
	o.inArray = array
	o.depth++
	err := inside()
	o.depth--
	o.inArray = outer
	return err
}

func (o *otlpValues) namespace(key string) {
	o.announce(key)
	o.out = append(o.out, openList...)
	o.depth++
}

func (o *otlpValues) leave() {
	o.depth--
	o.close(closeList)
}

// json writes a reflected value by its structure.
func (o *otlpValues) json(raw []byte) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil {
		o.text(string(raw))
		return
	}
	o.decoded(v)
}

func (o *otlpValues) decoded(v any) {
	switch v := v.(type) {
	case bool:
		o.boolean(v)
	case string:
		o.text(v)
	case json.Number:
		if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			o.integer(n)
		} else if f, err := v.Float64(); err == nil {
			o.float(f, 64)
		} else {
			o.text(v.String())
		}
	case []any:
		o.open(`{"arrayValue":{"values":[`)
		_ = o.nest(true, func() error {
			for _, element := range v {
				o.begin("")
				o.decoded(element)
			}
			return nil
		})
		o.close(closeList)
	case map[string]any:
		o.open(openList)
		_ = o.nest(false, func() error {
			for _, key := range slices.Sorted(maps.Keys(v)) {
				o.begin(key)
				o.decoded(v[key])
			}
			return nil
		})
		o.close(closeList)
	default:
		o.null()
	}
}
