package tape

import (
	"encoding/json"
	"fmt"
	"reflect"
	"unsafe"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// TextOf returns the text that zap writes for an error or a Stringer. ok is false if zap writes anything else: causes, a verbose form, a
// panic, JSON (see isRawJSON). It runs code of the program.
func TextOf(f *zapcore.Field) (text string, ok bool) {
	asked := true
	defer func() {
		if asked && recover() != nil {
			text, ok = "", false // zap will call it again, and log the panic
		}
	}()
	if f.Type == zapcore.ErrorType {
		switch err := f.Interface.(type) {
		case fmt.Formatter, interface{ Errors() []error }: // zap adds their verbose form or causes
		case error:
			text, ok = err.Error(), true
		}
	} else {
		switch s := f.Interface.(type) {
		case json.RawMessage, *json.RawMessage: // JSON, not a string
		case fmt.Stringer:
			text, ok = s.String(), true
		}
	}
	asked = false
	return text, ok
}

// Texts holds the texts of the errors and Stringers among the fields of a call. Ask runs code of the program, so it is called before
// the lock is taken under which Plain records the fields.
type Texts struct {
	texts [maxTexts]string // in the order of the fields
	n     int
}

// maxTexts is how many texts there is room for: few calls have more than one error or Stringer.
const maxTexts = 4

// askable has a bit for each type that may become one text, several, or nothing.
const askable = 1<<zapcore.ErrorType | 1<<zapcore.StringerType | 1<<zapcore.ArrayMarshalerType | 1<<zapcore.SkipType

// Ask gets the text of each error and Stringer among fields, up to the first that has none or no room. It reports whether Plain can
// record fields then, which it does without running code of the program: the other fields must be strings, lists of strings, numbers,
// bools, durations, times or namespaces.
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

// get returns text i, if there is one. t may be nil.
func (t *Texts) get(i int) (text string, ok bool) {
	if t == nil || i >= t.n {
		return "", false
	}
	return t.texts[i], true
}

// put writes f, which is not plain, to b at n. text is the index of the text that it uses if it is an error or a Stringer. It returns where
// f ends and the index of the next text, or 0 if there is no room or no text.
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
