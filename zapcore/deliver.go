package zapcore

import (
	"bytes"
	"errors"
	"reflect"

	"go.uber.org/zap/zapcore"
)

// ioCore is the type of the cores that zapcore.NewCore returns, and encoderField the index of its field for the encoder. Such a core
// encodes its fields and keeps nothing, so it can have a record without a copy, if its encoder only adds fields.
var (
	ioCore       = reflect.TypeOf(zapcore.NewCore(nil, nil, nil))
	encoderField = fieldOf(ioCore.Elem(), reflect.TypeFor[zapcore.Encoder]())
)

// fieldOf returns the index in struct s of its first field of type field, or -1.
func fieldOf(s, field reflect.Type) int {
	for i := range s.NumField() {
		if s.Field(i).Type == field {
			return i
		}
	}
	return -1
}

// takesTape reports whether core is made by zapcore.NewCore with an encoder that only adds fields, so that it can have the tape itself. The
// answer for the last core is kept, for whoever delivers many records to one.
func (r *Record) takesTape(core zapcore.Core) bool {
	switch {
	case reflect.TypeOf(core) != ioCore || encoderField < 0:
		return false
	case core != r.tapeCore:
		encoder := reflect.ValueOf(core).Elem().Field(encoderField).Elem()
		r.tapeCore, r.tapeCoreOK = core, encoder.IsValid() && addsOnly(encoder.Type())
	}
	return r.tapeCoreOK
}

// Deliver hands r to any Core as a Logger would: Check first, then the CheckedEntry's Write, so that hooks, samplers and the
// members of a Tee work as their authors meant. It returns whether the core wanted the record; with ignoreLevel it writes
// the record even if the core did not. The error has the text of the error that the core's Write returned.
//
// The core gets fields in memory of their own, since it may keep them. A core of zapcore.NewCore with an encoder of zap's or of NewJSON
// gets the tape itself. After an error the record may have been written in part (by one member of a Tee): do not deliver it again.
func (r *Record) Deliver(core zapcore.Core, ignoreLevel bool) (wanted bool, err error) {
	if r.takesTape(core) {
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

// failureNote is the ErrorOutput of a CheckedEntry, whose Write returns no error: it keeps what zap prints about a failure.
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
