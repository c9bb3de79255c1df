package tape

import (
	"encoding/json"
	"reflect"

	"go.uber.org/zap/zapcore"
)

// Since Go 1.27 json.RawMessage has a String method, so zap.Any makes a Stringer field of it, and zap writes the text as a JSON string.
// Built by Go 1.26, zap writes the value itself. Here such a field is a reflected value with every toolchain: in tapes, in NewJSON, and in
// the fields that a Handler passes to an encoder.

// isRawJSON reports whether f is a Stringer field that holds a json.RawMessage.
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

// AddField is f.AddTo(enc), except that JSON stays JSON, also inside a zap.Dict.
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

// isDict reports whether f is a zap.Dict or a zap.DictObject, whose value is a list of fields of an unexported type.
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

// WithRawJSON returns fields for an encoder that is not ours. If there are Stringer fields with JSON, or a zap.Dict, it returns a copy in
// which JSON fields are reflected values.
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
