package jsonenc

import (
	"math"
	"time"
	"unsafe"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/zapcore/internal/tape"
)

// fieldRoom is at least what a field takes beyond its key and its text: a comma, quotes, a colon, and an integer, a bool or quotes.
const fieldRoom = keyRoom + maxDigits

// fields appends fields as members of the object that is open: names, strings and integers here, with the position in a register, other
// values by typed. The error is tape.ErrTooLong, of a field that had to be recorded.
//
// As in tape's putFields, whether there is room is asked once a field, and what is written goes through a pointer. What turns out
// to need an escape is written again, by field.
func (w *Writer) fields(b []byte, fields []zapcore.Field) (_ []byte, err error) {
	for i := range fields {
		f := &fields[i]
		if room := len(f.Key) + len(f.String) + fieldRoom; cap(b)-len(b) < room {
			b = grow(b, room)
		}
		n := len(b)
		to := unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), n)
		if b[n-1] != '{' {
			*(*byte)(to) = ','
			to = unsafe.Add(to, 1)
			n++
		}
		*(*byte)(to) = '"'
		special := putText(unsafe.Add(to, 1), f.Key)
		*(*[2]byte)(unsafe.Add(to, 1+len(f.Key))) = [2]byte{'"', ':'}
		to, n = unsafe.Add(to, 3+len(f.Key)), n+3+len(f.Key)
		if f.Type == zapcore.StringType {
			*(*byte)(to) = '"'
			special |= putText(unsafe.Add(to, 1), f.String)
			*(*byte)(unsafe.Add(to, 1+len(f.String))) = '"'
			n += 2 + len(f.String)
		}
		switch {
		case special&highBits != 0:
			b, err = w.field(b, f, err)
		case f.Type == zapcore.StringType:
			b = b[:n]
		case f.Type == zapcore.Int64Type:
			b = b[:n+putInt(to, f.Integer)]
		default:
			b, err = w.typed(b, n, f, err)
		}
	}
	return b, err
}

// typed appends a field that is neither a string nor an int64, of which the name is written: its value is to begin at n, where there is
// room for an integer. What it does not know is left to field.
func (w *Writer) typed(b []byte, n int, f *zapcore.Field, before error) ([]byte, error) {
	switch to := unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), n); f.Type {
	case zapcore.Int32Type, zapcore.Int16Type, zapcore.Int8Type:
		return b[:n+putInt(to, signed(f))], before
	case zapcore.Uint64Type, zapcore.UintptrType, zapcore.Uint32Type, zapcore.Uint16Type, zapcore.Uint8Type:
		return b[:n+putUint(to, unsigned(f))], before
	case zapcore.BoolType:
		if f.Integer == 1 {
			return append(b[:n], "true"...), before
		}
		return append(b[:n], "false"...), before
	case zapcore.Float64Type:
		return appendFloat(b[:n], math.Float64frombits(uint64(f.Integer))), before
	case zapcore.DurationType:
		if w.cfg.seconds {
			return appendSeconds(b[:n], time.Duration(f.Integer)), before
		}
		w.b = b[:n]
		w.AppendDuration(time.Duration(f.Integer))
		return w.b, before
	case zapcore.TimeType:
		if w.cfg.epoch && tape.IsTime(f) {
			return w.epoch.append(b[:n], f.Integer), before
		}
	case zapcore.ErrorType, zapcore.StringerType:
		if text, ok := tape.TextOf(f); ok {
			return appendString(b[:n], text), before
		}
	case zapcore.ArrayMarshalerType:
		if list, ok := tape.StringsOf(f); ok {
			return appendStrings(b[:n], list), before
		}
	}
	return w.field(b, f, before)
}

// signed and unsigned return the value of a field of some bits, as zap reads it.
func signed(f *zapcore.Field) int64 {
	switch f.Type {
	case zapcore.Int32Type:
		return int64(int32(f.Integer))
	case zapcore.Int16Type:
		return int64(int16(f.Integer))
	}
	return int64(int8(f.Integer))
}

func unsigned(f *zapcore.Field) uint64 {
	switch f.Type {
	case zapcore.Uint32Type:
		return uint64(uint32(f.Integer))
	case zapcore.Uint16Type:
		return uint64(uint16(f.Integer))
	case zapcore.Uint8Type:
		return uint64(uint8(f.Integer))
	case zapcore.UintptrType:
		return uint64(uintptr(f.Integer))
	}
	return uint64(f.Integer)
}

// field appends a field of any type. The error is before, unless there is a new one.
func (w *Writer) field(b []byte, f *zapcore.Field, before error) ([]byte, error) {
	w.b = b
	switch f.Type {
	case zapcore.SkipType:
	case zapcore.StringType:
		w.b = appendString(appendKey(w.b, f.Key), f.String)
	case zapcore.NamespaceType:
		w.b = append(appendKey(w.b, f.Key), '{')
		w.open++
	default:
		if err := w.recorded(f); err != nil {
			before = err
		}
	}
	return w.b, before
}

// recorded records a field and writes what is on the tape then. What the program's code logs meanwhile is written by other Writers.
func (w *Writer) recorded(f *zapcore.Field) error {
	w.rare.Continue("")
	w.rare.Fields(unsafe.Slice(f, 1), nil)
	nodes := w.rare.Bytes()
	if len(nodes) > tape.MaxSize {
		w.rare.Release()
		return tape.ErrTooLong
	}
	w.members(tape.NewCursor(nodes, 0))
	return nil
}

// appendStrings appends a list of strings.
func appendStrings(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, s)
	}
	return append(b, ']')
}
