package names

import (
	"encoding/json"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/fields"
)

// values is a renamer's implementation of fields.Values: each method chooses a name, and passes the value on under it.
type values struct{ *renamer }

// Begin implements fields.Values.
func (r *values) Begin(key string) { r.key = key }

// name chooses the name of a value that is not an object. ok says that the value goes to scope.obj.
func (r *values) name() (name string, ok bool) {
	if r.scope.array {
		return "", false
	}
	name, _ = r.choose(leaf)
	return name, r.scope.obj != nil
}

// element reports whether a value goes to scope.arr.
func (r *values) element() bool { return r.scope.array && r.scope.arr != nil }

// Text implements fields.Values.
func (r *values) Text(v string) {
	if r.isError() {
		r.key = r.rule.errorName
		r.changed = true
	}
	if name, ok := r.name(); ok {
		r.scope.obj.AddString(name, v)
	} else if r.element() {
		r.scope.arr.AppendString(v)
	}
}

// isError reports whether the next value is a text named "error" that gets the name of Config.Error.
func (r *values) isError() bool { return r.scope.first && r.rule.errorName != "" && r.key == "error" }

// Error implements fields.ErrorValues.
func (r *values) Error(text, typeName string) {
	typed := r.isError() && r.rule.errorType != "" && r.scope.obj != nil && !r.owns
	r.Text(text)
	if typed {
		r.key = r.rule.errorType
		r.Text(typeName)
		r.owns = false // Text has set it for the type, which is not a field
	}
}

// Null implements fields.Values.
func (r *values) Null() { r.reflected(nil) }

// Number implements fields.Values.
func (r *values) Number(text string) { r.reflected(json.RawMessage(text)) }

func (r *values) reflected(v any) {
	if name, ok := r.name(); ok {
		_ = r.scope.obj.AddReflected(name, v)
	} else if r.element() {
		_ = r.scope.arr.AppendReflected(v)
	}
}

// JSON implements fields.Values.
func (r *values) JSON(w *fields.Walker, v []byte) error { return w.Reflected(v) }

// Boolean implements fields.Values.
func (r *values) Boolean(v bool) {
	if name, ok := r.name(); ok {
		r.scope.obj.AddBool(name, v)
	} else if r.element() {
		r.scope.arr.AppendBool(v)
	}
}

// Integer implements fields.Values.
func (r *values) Integer(v int64) {
	if name, ok := r.name(); ok {
		r.scope.obj.AddInt64(name, v)
	} else if r.element() {
		r.scope.arr.AppendInt64(v)
	}
}

// Unsigned implements fields.Values.
func (r *values) Unsigned(v uint64) {
	if name, ok := r.name(); ok {
		r.scope.obj.AddUint64(name, v)
	} else if r.element() {
		r.scope.arr.AppendUint64(v)
	}
}

// Float implements fields.Values.
func (r *values) Float(v float64, bits int) {
	name, ok := r.name()
	switch {
	case ok && bits == 32:
		r.scope.obj.AddFloat32(name, float32(v))
	case ok:
		r.scope.obj.AddFloat64(name, v)
	case r.element() && bits == 32:
		r.scope.arr.AppendFloat32(float32(v))
	case r.element():
		r.scope.arr.AppendFloat64(v)
	}
}

// Complex implements fields.Values.
func (r *values) Complex(v complex128, bits int) {
	name, ok := r.name()
	switch {
	case ok && bits == 64:
		r.scope.obj.AddComplex64(name, complex64(v))
	case ok:
		r.scope.obj.AddComplex128(name, v)
	case r.element() && bits == 64:
		r.scope.arr.AppendComplex64(complex64(v))
	case r.element():
		r.scope.arr.AppendComplex128(v)
	}
}

// Binary implements fields.Values. An array has none.
func (r *values) Binary(v []byte) {
	if name, ok := r.name(); ok {
		r.scope.obj.AddBinary(name, v)
	}
}

// Moment implements fields.Values.
func (r *values) Moment(v time.Time) {
	if name, ok := r.name(); ok {
		r.scope.obj.AddTime(name, v)
	} else if r.element() {
		r.scope.arr.AppendTime(v)
	}
}

// Span implements fields.Values.
func (r *values) Span(v time.Duration) {
	if name, ok := r.name(); ok {
		r.scope.obj.AddDuration(name, v)
	} else if r.element() {
		r.scope.arr.AppendDuration(v)
	}
}

// Object implements fields.Values.
func (r *values) Object(_ *fields.Walker, m zapcore.ObjectMarshaler) error {
	l, name := r.open(false)
	l.object = m
	var err error
	switch {
	case r.scope.array && r.scope.arr != nil:
		err = r.scope.arr.AppendObject(l)
	case r.scope.obj != nil:
		err = r.scope.obj.AddObject(name, l)
	default:
		err = l.MarshalLogObject(nil)
	}
	return r.close(l, err)
}

// Array implements fields.Values.
func (r *values) Array(_ *fields.Walker, m zapcore.ArrayMarshaler) error {
	l, name := r.open(true)
	l.array = m
	var err error
	switch {
	case r.scope.array && r.scope.arr != nil:
		err = r.scope.arr.AppendArray(l)
	case r.scope.obj != nil:
		err = r.scope.obj.AddArray(name, l)
	default:
		err = l.MarshalLogArray(nil)
	}
	return r.close(l, err)
}

// Namespace implements fields.Values.
func (r *values) Namespace(key string) {
	r.key = key
	name, path := r.choose(object)
	inner := scope{path: path, id: r.member(name), obj: r.scope.obj}
	if inner.obj != nil {
		inner.obj.OpenNamespace(name)
	}
	r.outer = append(r.outer, r.scope)
	r.scope = inner
}

// Leave implements fields.Values.
func (r *values) Leave() {
	last := len(r.outer) - 1
	r.scope, r.outer = r.outer[last], r.outer[:last]
}
