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

// Texts holds what the errors and Stringers among the fields of a call say. Asking them runs code of the program, and so is done before
// a lock is taken under which Plain records the fields.
type Texts struct {
	texts [maxTexts]string // in the order of the fields
	n     int
}

// maxTexts is how many errors and Stringers a call may have: few have more than one.
const maxTexts = 4

// askable has a bit for each type that may come down to a text, to several, or to nothing.
const askable = 1<<zapcore.ErrorType | 1<<zapcore.StringerType | 1<<zapcore.ArrayMarshalerType | 1<<zapcore.SkipType

// Ask asks the errors and Stringers among fields, each once, up to the first that it cannot. It tells whether Plain can record
// fields then: recording the others runs no code of the program, for they are strings, lists of strings, numbers, bools, durations,
// times and namespaces.
func (t *Texts) Ask(fields []zapcore.Field) bool {
	types := uint64(0)
	for i := range fields {
		types |= 1 << (fields[i].Type & 63)
	}
	if types &^= plainTypes; types == 0 {
		return true
	}
	return types&^askable == 0 && t.ask(fields)
}

// ask is Ask of fields that are plain or askable.
func (t *Texts) ask(fields []zapcore.Field) bool {
	for i := range fields {
		f := &fields[i]
		switch f.Type {
		case zapcore.ErrorType, zapcore.StringerType:
			if t.n == maxTexts {
				return false
			}
			text, ok := TextOf(f)
			if !ok {
				return false
			}
			t.texts[t.n] = text
			t.n++
		case zapcore.ArrayMarshalerType:
			if _, ok := StringsOf(f); !ok {
				return false
			}
		}
	}
	return true
}

// get returns the text of the error or Stringer of that index, if it was asked.
func (t *Texts) get(i int) (text string, ok bool) {
	if t == nil || i >= t.n {
		return "", false
	}
	return t.texts[i], true
}

// put writes f, which is not plain, to b at n, with the text of that index if it has one. It returns where f ends and the index of the next
// text, or 0 if there is no room or the field was not asked.
func (t *Texts) put(b []byte, n int, f *zapcore.Field, text int) (end, next int) {
	switch f.Type {
	case zapcore.SkipType:
		return n, text
	case zapcore.ErrorType:
		if typeName := typeOf(f); text < t.n && n+errorBound(f, t.texts[text], typeName) <= len(b) {
			return putError(b, n, f, t.texts[text], typeName), text + 1
		}
	case zapcore.StringerType:
		if text < t.n && n+len(f.Key)+len(t.texts[text])+nodeBound <= len(b) {
			return putNode(b, n, TagString, f.Key, t.texts[text]), text + 1
		}
	case zapcore.ArrayMarshalerType:
		if list, ok := StringsOf(f); ok && n+stringsBound(f.Key, list) <= len(b) {
			return putStrings(b, n, f.Key, list), text
		}
	}
	return 0, 0
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
