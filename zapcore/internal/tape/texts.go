package tape

import (
	"fmt"
	"reflect"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// TextOf returns what zap writes for an error or a Stringer, if that is its text and no more: no causes, no longer form, no panic, no
// JSON (see isRawJSON). It runs code of the program.
func TextOf(f *zapcore.Field) (text string, ok bool) {
	defer func() {
		if recover() != nil {
			text, ok = "", false // zap asks again, and says what becomes of a panic
		}
	}()
	if f.Type == zapcore.StringerType {
		if s, is := f.Interface.(fmt.Stringer); is && !isRawJSON(f) {
			return s.String(), true
		}
		return "", false
	}
	switch err := f.Interface.(type) {
	case fmt.Formatter, interface{ Errors() []error }: // zap adds what they have to say
		return "", false
	case error:
		return err.Error(), true
	}
	return "", false
}

// textTag is the tag of what TextOf returns.
func textTag(f *zapcore.Field) Tag {
	if f.Type == zapcore.ErrorType {
		return TagError
	}
	return TagString
}

// Strings is the value of a zap.Strings, whose type zap does not export.
type Strings struct{ list reflect.Value }

var stringsType = reflect.TypeOf(zap.Strings("", nil).Interface)

// StringsOf returns the value of f, if it is a zap.Strings.
func StringsOf(f *zapcore.Field) (list Strings, ok bool) {
	if reflect.TypeOf(f.Interface) != stringsType {
		return Strings{}, false
	}
	return Strings{reflect.ValueOf(f.Interface)}, true
}

// Len returns how many strings there are.
func (s Strings) Len() int { return s.list.Len() }

// At returns string i.
func (s Strings) At(i int) string { return s.list.Index(i).String() }

// strings records a list of strings.
func (r *Recorder) strings(key string, list Strings) {
	r.key(TagArray, key)
	at := r.open()
	for i := range list.Len() {
		r.AppendString(list.At(i))
	}
	r.shut(at)
}
