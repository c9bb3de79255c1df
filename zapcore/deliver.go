package zapcore

import (
	"bytes"
	"errors"
	"reflect"

	"go.uber.org/zap/zapcore"
)

// ioCore is the type of what zapcore.NewCore returns, and encoderField the index of its field with the encoder. It encodes what it gets and
// keeps nothing, so it may be given a record without a copy, unless its encoder is one that looks at the fields.
var (
	ioCore       = reflect.TypeOf(zapcore.NewCore(nil, nil, nil))
	encoderField = fieldOf(ioCore.Elem(), reflect.TypeFor[zapcore.Encoder]())
)

// fieldOf returns the index of the field of that type in a struct, or -1.
func fieldOf(s, field reflect.Type) int {
	for i := range s.NumField() {
		if s.Field(i).Type == field {
			return i
		}
	}
	return -1
}

// mayHaveTape tells whether a core is zap's own, with an encoder that does no more with fields than to add them. Who delivers many
// records to one core asks that once.
func (r *Record) mayHaveTape(core zapcore.Core) bool {
	switch {
	case reflect.TypeOf(core) != ioCore || encoderField < 0:
		return false
	case core != r.asked:
		encoder := reflect.ValueOf(core).Elem().Field(encoderField).Elem()
		r.asked, r.answer = core, encoder.IsValid() && addsOnly(encoder.Type())
	}
	return r.answer
}

// Deliver hands r to any Core as a Logger would: Check first, then the CheckedEntry's Write, so that hooks, samplers and the
// members of a Tee work as their authors meant. It returns whether the core wanted the record; ignoreLevel gives it to a core
// that did not. An error is what the core's Write returned, as text.
//
// The core gets fields that code can look at, in memory of their own, since it may keep them; zap's own NewCore, with an encoder of
// zap's or NewJSON's, gets the tape itself. What Deliver returned an error for may have been written in part (by one member of a Tee):
// do not deliver it again.
func (r *Record) Deliver(core zapcore.Core, ignoreLevel bool) (wanted bool, err error) {
	if r.mayHaveTape(core) {
		if !ignoreLevel && !core.Enabled(r.Level()) {
			return false, nil
		}
		return true, core.Write(r.Entry(), r.inlineField())
	}
	own := r.Clone()
	ent := own.Entry()
	ce := core.Check(ent, nil)
	if ce == nil {
		if !ignoreLevel {
			return false, nil
		}
		return true, core.Write(ent, own.AppendFields(nil))
	}
	var failure failureNote
	ce.ErrorOutput = &failure
	ce.Write(own.AppendFields(nil)...)
	return true, failure.err()
}

// failureNote is a CheckedEntry's ErrorOutput: the one way to learn that a Write failed.
type failureNote struct{ text []byte }

func (f *failureNote) Write(p []byte) (int, error) {
	f.text = append(f.text, p...)
	return len(p), nil
}

func (f *failureNote) Sync() error { return nil }

func (f *failureNote) err() error {
	if f.text == nil {
		return nil
	}
	_, text, found := bytes.Cut(f.text, writeError)
	if !found {
		text = f.text
	}
	return errors.New(string(bytes.TrimSpace(text)))
}
