package netcore

import (
	"errors"
	"math"
	"math/big"
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
//	levelno                      level: below 20 Debug, Info, Warn, Error, from 50 on DPanic; of what is no number, what
//	                             levelname says. levelno and levelname are fields too where they are not Python's own
//	name                         logger name ("root" is none)
//	msg                          message
//	created                      time, to the microsecond
//	pathname, lineno, funcName   caller
//	exc_text                     stack
//	process, processName, thread, threadName, taskName, relativeCreated, stack_info, and whatever extra brought: fields
//	filename, module, msecs, message, args, exc_info: left out where they only repeat the above or are None
type logRecordReader struct {
	limit   int // of a frame, in bytes
	decoder pickle.Decoder
	fields  []zapcore.Field
}

// expansion is by how much a record may be larger than the largest frame, when what is shared in it is written out.
const expansion = 4

// read makes r the record in a frame.
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

// logAttributes is what a LogRecord says that zap has a place for.
type logAttributes struct {
	entry     zapcore.Entry
	level     any
	levelname string
	pathname  string
}

func attributesOf(d *pickle.Dict, now time.Time) logAttributes {
	a := logAttributes{entry: zapcore.Entry{Time: now}}
	ent := &a.entry
	for i := 0; i < len(d.Items); i += 2 {
		v := d.Items[i+1]
		text, isText := textOf(v)
		switch nameOf(d.Items[i]) {
		case "name":
			if isText && text != "root" {
				ent.LoggerName = pickle.Clean(text)
			}
		case "msg":
			ent.Message = pickle.String(v)
		case "levelno":
			a.level = v
		case "levelname":
			a.levelname = text
		case "created":
			ent.Time = timeOf(v, now)
		case "pathname":
			a.pathname = pickle.Clean(text)
			ent.Caller.File = a.pathname
			ent.Caller.Defined = isText && text != "(unknown file)"
		case "lineno":
			if n, ok := v.(pickle.Int); ok {
				ent.Caller.Line = int(min(max(*n, 0), math.MaxInt32))
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

// appendFields appends what the entry does not say.
func (a *logAttributes) appendFields(fields []zapcore.Field, d *pickle.Dict) []zapcore.Field {
	number, name := pythonLevel(a.entry.Level)
	level, _ := a.level.(pickle.Int)
	standard := level != nil && *level == number && a.levelname == name
	for i := 0; i < len(d.Items); i += 2 {
		key, v := d.Items[i], d.Items[i+1]
		switch nameOf(key) {
		case "name", "msg", "created", "pathname", "lineno", "funcName", "msecs":
			continue
		case "levelno", "levelname":
			if standard {
				continue
			}
		case "exc_text":
			if _, isText := v.(pickle.Text); isText || v == nil {
				continue
			}
		case "args", "exc_info", "stack_info", "thread", "threadName", "processName", "process", "taskName", "relativeCreated":
			if v == nil {
				continue
			}
		case "message":
			if pickle.String(v) == a.entry.Message {
				continue
			}
		case "filename", "module":
			if part, ok := v.(pickle.Text); ok && strings.Contains(a.pathname, pickle.Clean(*part)) || !a.entry.Caller.Defined {
				continue
			}
		}
		fields = append(fields, fieldOf(pickle.String(key), v))
	}
	return fields
}

// nameOf returns the name of an attribute, "" for what is none.
func nameOf(key any) string {
	if name, ok := key.(pickle.Text); ok {
		return *name
	}
	return ""
}

// textOf returns a value that is a text.
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

// zapLevel returns the level for a Python number, of whatever size, or for a name if there is no number.
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

// timeOf returns the time for seconds since 1970, or now for what is none.
func timeOf(v any, now time.Time) time.Time {
	const most = 1 << 37 // seconds: the year 6325
	switch v := v.(type) {
	case pickle.Float:
		if math.Abs(*v) < most {
			seconds := math.Floor(*v)
			return time.Unix(int64(seconds), int64(math.Round((*v-seconds)*1e6))*1000)
		}
	case pickle.Int:
		if *v > -most && *v < most {
			return time.Unix(*v, 0)
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
			return timeOf(&seconds, now)
		}
	}
	return now
}
