package netcore

import (
	"errors"
	"math"
	"math/big"
	"path"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/netcore/internal/pickle"
	base "example.com/zaphandlers/zapcore"
)

// logRecordReader makes records of pickled LogRecords. It is for one goroutine at a time.
//
//	LogRecord                    zap
//	levelno                      level: Debug below 20, Info, Warn, Error, DPanic from 50 on; if it is no number, by levelname.
//	                             levelno and levelname are also fields unless they are Python's own pair
//	name                         logger name ("root" is none)
//	msg                          message
//	created                      time, to the microsecond
//	pathname, lineno, funcName   caller
//	exc_text                     stack
//	process, processName, thread, threadName, taskName, relativeCreated, stack_info, and everything from extra: fields
//	filename, module, msecs, message, args, exc_info: left out if they only repeat the above or are None
//
// A value in the first seven lines for which zap has no place becomes a field: a created of "soon", a lineno of -1.
type logRecordReader struct {
	limit   int // of a frame, in bytes
	decoder pickle.Decoder
	fields  []zapcore.Field
}

// expansion is how many times larger than the largest frame a record may be, once shared values are written out.
const expansion = 4

// read makes r the record in frame.
func (l *logRecordReader) read(r *base.Record, frame []byte, now time.Time) error {
	l.decoder.MaxBytes = l.limit * expansion
	defer l.decoder.Release()
	v, err := l.decoder.Decode(frame)
	if err != nil {
		return err
	}
	d, ok := v.(*pickle.Dict)
	if !ok {
		return errors.New("pickle is no dict")
	}
	a := attributesOf(d, now)
	l.fields = a.appendFields(l.fields[:0], d)
	err = r.Capture(a.entry, base.Context{}, l.fields)
	clear(l.fields)
	return err
}

// logAttributes are the attributes of a LogRecord for which zap has a place.
type logAttributes struct {
	entry     zapcore.Entry
	level     any
	levelname string
	timed     bool // created is a valid time
	placed    bool // lineno is a valid line
}

func attributesOf(d *pickle.Dict, now time.Time) logAttributes {
	a := logAttributes{entry: zapcore.Entry{Time: now}}
	ent := &a.entry
	for i := 0; i < len(d.Items); i += 2 {
		v := d.Items[i+1]
		text, isText := textOf(v)
		switch nameOf(d.Items[i]) {
		case "name":
			if v != nil && text != "root" { // a name that is no string reads as Python's %(name)s
				ent.LoggerName = pickle.Clean(pickle.String(v))
			}
		case "msg":
			ent.Message = pickle.String(v)
		case "levelno":
			a.level = v
		case "levelname":
			a.levelname = text
		case "created":
			if t, ok := timeOf(v); ok {
				ent.Time, a.timed = t, true
			}
		case "pathname":
			ent.Caller.File = pickle.Clean(text)
			ent.Caller.Defined = isText && text != "" && text != unknownFile
		case "lineno":
			if n, ok := v.(pickle.Int); ok && *n >= 0 && *n <= math.MaxInt32 {
				ent.Caller.Line, a.placed = int(*n), true
			}
		case "funcName":
			ent.Caller.Function = pickle.Clean(text)
		case "exc_text":
			ent.Stack = pickle.Clean(text)
		}
	}
	ent.Level = zapLevel(a.level, a.levelname)
	if !ent.Caller.Defined {
		ent.Caller = zapcore.EntryCaller{}
	}
	return a
}

// appendFields appends the attributes that the entry does not already contain.
func (a *logAttributes) appendFields(fields []zapcore.Field, d *pickle.Dict) []zapcore.Field {
	number, name := pythonLevel(a.entry.Level)
	level, _ := a.level.(pickle.Int)
	standard := level != nil && *level == number && a.levelname == name
	for i := 0; i < len(d.Items); i += 2 {
		key, v := d.Items[i], d.Items[i+1]
		known := false
		switch name := nameOf(key); name {
		case "name", "msg", "msecs":
			known = true
		case "created":
			known = a.timed || v == nil
		case "levelno", "levelname":
			known = standard
		case "exc_text":
			_, isText := textOf(v)
			known = isText || v == nil
		case "args", "exc_info", "stack_info", "thread", "threadName", "processName", "process", "taskName", "relativeCreated":
			known = v == nil
		case "message":
			known = pickle.String(v) == a.entry.Message
		case "pathname", "lineno", "funcName", "filename", "module":
			known = v == nil || a.isPlace(name, v)
		}
		if !known {
			fields = append(fields, fieldOf(pickle.String(key), v))
		}
	}
	return fields
}

// isPlace reports whether an attribute only repeats the entry's caller, or says that there is none.
func (a *logAttributes) isPlace(name string, v any) bool {
	caller := &a.entry.Caller
	if name == "lineno" {
		n, ok := v.(pickle.Int)
		return ok && (caller.Defined && a.placed || !caller.Defined && *n == 0)
	}
	text, ok := textOf(v)
	if !ok {
		return false
	}
	if !caller.Defined {
		return text == "" || text == unknownFile || text == unknownFunction
	}
	file := caller.File[strings.LastIndexAny(caller.File, `/\`)+1:]
	switch text = pickle.Clean(text); name {
	case "filename": // Python on another system than the path comes from takes the whole path for the name
		return text == file || text == caller.File
	case "module":
		return text == strings.TrimSuffix(file, path.Ext(file)) || text == strings.TrimSuffix(caller.File, path.Ext(file))
	}
	return true
}

// nameOf returns an attribute's name; "" if key is no string.
func nameOf(key any) string {
	if name, ok := key.(pickle.Text); ok {
		return *name
	}
	return ""
}

// textOf returns v if it is a string.
func textOf(v any) (string, bool) {
	if text, ok := v.(pickle.Text); ok {
		return *text, true
	}
	return "", false
}

// pythonLevels are the numbers of Python's own levels, by name.
var pythonLevels = map[string]int64{
	"DEBUG": 10, "INFO": 20, "WARN": 30, "WARNING": 30, "ERROR": 40, "FATAL": 50, "CRITICAL": 50,
}

// zapLevel returns the level for a Python number of any size, or for a name if there is no number.
func zapLevel(v any, name string) zapcore.Level {
	var n int64
	switch v := v.(type) {
	case pickle.Int:
		n = *v
	case pickle.Float:
		if *v > 0 {
			n = int64(min(*v, 50))
		}
	case *big.Int:
		n = int64(v.Sign()) * math.MaxInt64
	default:
		n = pythonLevels[name]
	}
	switch {
	case n < 20:
		return zapcore.DebugLevel
	case n < 30:
		return zapcore.InfoLevel
	case n < 40:
		return zapcore.WarnLevel
	case n < 50:
		return zapcore.ErrorLevel
	}
	return zapcore.DPanicLevel
}

// timeOf returns the time that is v seconds after 1970.
func timeOf(v any) (t time.Time, ok bool) {
	const most = 1 << 37 // seconds: the year 6325
	switch v := v.(type) {
	case pickle.Float:
		if math.Abs(*v) < most {
			seconds := math.Floor(*v)
			return time.Unix(int64(seconds), int64(math.Round((*v-seconds)*1e6))*1000), true
		}
	case pickle.Int:
		if *v > -most && *v < most {
			return time.Unix(*v, 0), true
		}
	case pickle.Number, pickle.Text: // a Decimal, a Fraction
		over, under, isFraction := strings.Cut(pickle.String(v), "/")
		seconds, err := strconv.ParseFloat(over, 64)
		if isFraction && err == nil {
			var divisor float64
			divisor, err = strconv.ParseFloat(under, 64)
			seconds /= divisor
		}
		if err == nil {
			return timeOf(&seconds)
		}
	}
	return time.Time{}, false
}
