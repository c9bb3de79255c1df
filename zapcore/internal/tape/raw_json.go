package tape

import (
	"encoding/json"
	"reflect"

	"go.uber.org/zap/zapcore"
)

// A json.RawMessage is JSON, whatever toolchain builds the program. Since Go 1.27 it has a String method, so zap.Any takes it for a
// fmt.Stringer, and zap would write its text as a JSON string where it wrote the value itself when built by Go 1.26. Here
// such a field is a reflected value, as it was: in tapes, in NewJSON, and in what a Handler gives to an encoder.

// isRawJSON tells whether zap took JSON for a Stringer.
func isRawJSON(f *zapcore.Field) bool {
	if f.Type != zapcore.StringerType {
		return false
	}
	switch f.Interface.(type) {
	case json.RawMessage, *json.RawMessage:
		return true
	}
	return false
}

// AddField is f.AddTo(enc), but that JSON stays JSON, also inside of zap.Dict.
func AddField(enc zapcore.ObjectEncoder, f *zapcore.Field) {
	switch {
	case isRawJSON(f):
		zapcore.Field{Key: f.Key, Type: zapcore.ReflectType, Interface: f.Interface}.AddTo(enc)
	case isDict(f):
		zapcore.Field{Key: f.Key, Type: f.Type, Interface: fieldsOf(f)}.AddTo(enc)
	default:
		f.AddTo(enc)
	}
}

var fieldsType = reflect.TypeFor[[]zapcore.Field]()

// isDict tells whether f is a zap.Dict, or a zap.DictObject: a list of fields whose type is zap's own.
func isDict(f *zapcore.Field) bool {
	if f.Type != zapcore.ObjectMarshalerType && f.Type != zapcore.InlineMarshalerType {
		return false
	}
	t := reflect.TypeOf(f.Interface)
	return t != nil && t.Kind() == reflect.Slice && t.Elem() == fieldsType.Elem() && t.PkgPath() == "go.uber.org/zap"
}

// fieldsOf returns the fields of a dict.
func fieldsOf(f *zapcore.Field) fieldsObject {
	return fieldsObject(reflect.ValueOf(f.Interface).Convert(fieldsType).Interface().([]zapcore.Field))
}

// fieldsObject is the value of a zap.Dict.
type fieldsObject []zapcore.Field

// MarshalLogObject implements zapcore.ObjectMarshaler.
func (fields fieldsObject) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	for i := range fields {
		AddField(enc, &fields[i])
	}
	return nil
}

// WithRawJSON returns fields, or a copy of them in which JSON is no Stringer, for an encoder that is not ours.
func WithRawJSON(fields []zapcore.Field) []zapcore.Field {
	for i := range fields {
		if !isRawJSON(&fields[i]) && !isDict(&fields[i]) {
			continue
		}
		kept := append([]zapcore.Field(nil), fields...)
		for j := i; j < len(kept); j++ {
			switch f := &kept[j]; {
			case isRawJSON(f):
				f.Type = zapcore.ReflectType
			case isDict(f):
				f.Interface = fieldsOf(f)
			}
		}
		return kept
	}
	return fields
}
