package jsonenc

import (
	"math"
	"time"
	"unsafe"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/zapcore/internal/tape"
)

// fieldRoom is an upper bound of what a field takes besides its key and its text: comma, quotes, colon, and an integer, a bool or quotes.
const fieldRoom = keyRoom + maxDigits

// fields appends fields as members of the open object. It writes names, strings and int64s itself, with the position in a register, and
// other values by typed. The error is tape.ErrTooLong, for a field that had to be recorded.
//
// As in putFields of package tape, the room is checked once for each field, and writes go through a pointer. A name or string that turns
// out to need an escape is written again by field.
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

// typed appends the value of a field that is neither a string nor an int64 at n, where there is room for an integer; the name is written.
// Types that it does not handle go to field. It returns before, unless there is a new error.
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

// signed and unsigned return the value of an integer field, cut to the size of its type as in zap.
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

// field appends a field of any type. It returns before, unless there is a new error.
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

// recorded records a field on a tape and writes the tape. This runs code of the program; if that logs, it gets other Writers.
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
