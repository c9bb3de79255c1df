package jsonenc

import (
	"math"
	"time"
	"unsafe"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/zapcore/internal/tape"
)

// fieldRoom is at least what a field takes beyond its key and its text: a comma, quotes, a colon, and an integer or a bool.
const fieldRoom = keyRoom + maxDigits

// fields appends fields as members of the object that is open. The types that most fields have are written here, with the position in
// a register; those that run code of the program, and what is rare, are recorded and written from the tape. The error is
// tape.ErrTooLong, of such a recording.
//
// As in tape's putFields, whether there is room is asked once a field, and what is written goes through a pointer. What turns out
// to need an escape is written again, by appendKey and appendString.
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
			if special&highBits == 0 {
				*(*byte)(unsafe.Add(to, 1+len(f.String))) = '"'
				b = b[:n+2+len(f.String)]
				continue
			}
		}
		if special&highBits != 0 {
			b, err = w.field(b, f, err)
			continue
		}
		switch f.Type {
		case zapcore.Int64Type, zapcore.Int32Type, zapcore.Int16Type, zapcore.Int8Type:
			b = b[:n+putInt(to, signed(f))]
		case zapcore.Uint64Type, zapcore.UintptrType, zapcore.Uint32Type, zapcore.Uint16Type, zapcore.Uint8Type:
			b = b[:n+putUint(to, unsigned(f))]
		case zapcore.BoolType:
			if f.Integer == 1 {
				b = append(b[:n], "true"...)
			} else {
				b = append(b[:n], "false"...)
			}
		case zapcore.Float64Type:
			b = appendFloat(b[:n], math.Float64frombits(uint64(f.Integer)))
		case zapcore.DurationType:
			if w.cfg.seconds {
				b = appendSeconds(b[:n], time.Duration(f.Integer))
				continue
			}
			w.b = b[:n]
			w.AppendDuration(time.Duration(f.Integer))
			b = w.b
		case zapcore.TimeType:
			if w.cfg.epoch && tape.IsTime(f) {
				b = w.epoch.append(b[:n], f.Integer)
				continue
			}
			b, err = w.field(b, f, err)
		case zapcore.ErrorType, zapcore.StringerType:
			if text, ok := tape.TextOf(f); ok {
				b = appendString(b[:n], text)
				continue
			}
			b, err = w.field(b, f, err)
		case zapcore.ArrayMarshalerType:
			if list, ok := tape.StringsOf(f); ok {
				b = appendStrings(b[:n], list)
				continue
			}
			b, err = w.field(b, f, err)
		default:
			b, err = w.field(b, f, err)
		}
	}
	return b, err
}

// signed and unsigned return the value of a field of some bits, as zap reads it.
func signed(f *zapcore.Field) int64 {
	switch f.Type {
	case zapcore.Int32Type:
		return int64(int32(f.Integer))
	case zapcore.Int16Type:
		return int64(int16(f.Integer))
	case zapcore.Int8Type:
		return int64(int8(f.Integer))
	}
	return f.Integer
}

func unsigned(f *zapcore.Field) uint64 {
	switch f.Type {
	case zapcore.Uint32Type:
		return uint64(uint32(f.Integer))
	case zapcore.Uint16Type:
		return uint64(uint16(f.Integer))
	case zapcore.Uint8Type:
		return uint64(uint8(f.Integer))
	}
	return uint64(f.Integer)
}

// field writes a field of any type behind b. The error is before, unless there is a new one.
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
	w.rare.Fields(unsafe.Slice(f, 1))
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
