package tape

import (
	"reflect"

	"go.uber.org/zap/zapcore"
)

// ErrorEncoder is an ObjectEncoder that handles errors differently from strings.
type ErrorEncoder interface {
	// AddError adds the text of an error, and the name of its type.
	AddError(key, text, typeName string)
}

// recordedError is an error that was recorded, for cores that look for fields of ErrorType.
type recordedError struct{ text, typeName string }

func (e *recordedError) Error() string { return e.text }

// typeOf returns the type of the error in f, as %T prints it; "" if it is not known. It runs no code of the program.
func typeOf(f *zapcore.Field) string {
	if e, ok := f.Interface.(*recordedError); ok {
		return e.typeName
	}
	return reflect.TypeOf(f.Interface).String()
}

// putError writes the error in f to b at n, where there is room for errorBound, and returns where it ends.
func putError(b []byte, n int, f *zapcore.Field, text, typeName string) (end int) {
	if typeName == "" {
		return putNode(b, n, TagError, f.Key, text)
	}
	return putShort(b, putNode(b, n, TagTypedError, f.Key, text), typeName)
}

// errorBound returns an upper bound of the size of an error.
func errorBound(f *zapcore.Field, text, typeName string) int {
	return len(f.Key) + len(text) + len(typeName) + nodeBound
}
