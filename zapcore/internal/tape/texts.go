package tape

import (
	"encoding/json"
	"fmt"
	"reflect"
	"unsafe"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// TextOf returns what zap writes for an error or a Stringer, if that is its text and no more: no causes, no longer form, no panic, no
// JSON (see isRawJSON). It runs code of the program.
func TextOf(f *zapcore.Field) (text string, ok bool) {
	asked := true
	defer func() {
		if asked && recover() != nil {
			text, ok = "", false // zap asks again, and says what becomes of a panic
		}
	}()
	if f.Type == zapcore.ErrorType {
		switch err := f.Interface.(type) {
		case fmt.Formatter, interface{ Errors() []error }: // zap adds what they have to say
		case error:
			text, ok = err.Error(), true
		}
	} else {
		switch s := f.Interface.(type) {
		case json.RawMessage, *json.RawMessage: // no string
		case fmt.Stringer:
			text, ok = s.String(), true
		}
	}
	asked = false
	return text, ok
}

// textTag is the tag of what TextOf returns.
func textTag(f *zapcore.Field) Tag {
	if f.Type == zapcore.ErrorType {
		return TagError
	}
	return TagString
}

var stringsType = reflect.TypeOf(zap.Strings("", nil).Interface)

// StringsOf returns the value of f, if it is a zap.Strings, whose type zap does not export.
func StringsOf(f *zapcore.Field) (list []string, ok bool) {
	if reflect.TypeOf(f.Interface) != stringsType {
		return nil, false
	}
	v := reflect.ValueOf(f.Interface)
	return unsafe.Slice((*string)(v.UnsafePointer()), v.Len()), true
}
