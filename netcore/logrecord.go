package netcore

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// logRecordReader makes records of pickled LogRecords. It is for one goroutine at a time.
//
//	LogRecord                    zap
//	levelno                      level: below 20 Debug, Info, Warn, Error, from 50 on DPanic. levelno and levelname are
//	                             fields too where they are not Python's own
//	name                         logger name ("root" is none)
//	msg                          message
//	created                      time, to the microsecond
//	pathname, lineno, funcName   caller
//	exc_text                     stack
//	process, processName, thread, threadName, taskName, relativeCreated, stack_info, and whatever extra brought: fields
//	filename, module, msecs, message, args, exc_info: left out where they only repeat the above or are None
type logRecordReader struct {
	unpickler unpickler
	limit     int // bytes of a record as expanded
	fields    []zapcore.Field
}

// expansion is by how much a record may be larger than the largest frame, when what is shared in it is written out.
const expansion = 4

// read makes r the record in a frame.
func (l *logRecordReader) read(r *base.Record, frame []byte, now time.Time) error {
	v, err := l.unpickler.load(frame)
	if err != nil {
		return err
	}
	d, ok := v.(*dict)
	if !ok {
		return errors.New("pickle is no dict")
	}
	m := measure{values: maxPushes, bytes: l.limit * expansion}
	if err := m.add(d, 0); err != nil {
		return err
	}
	a := attributesOf(d, now)
	l.fields = a.appendFields(l.fields[:0], d)
	err = r.Capture(a.entry, base.Context{}, l.fields)
	clear(l.fields)
	return err
}

// maxNesting is how deep values may be nested.
const maxNesting = 100

// measure counts what a value is when all that is shared in it is written out, and gives up at a limit, so that a small frame
// cannot become a large record.
type measure struct{ values, bytes int }

var (
	errExpands = errors.New("pickle is too large when what it shares is written out")
	errCycle   = errors.New("pickle holds a value that contains itself")
	errNesting = fmt.Errorf("pickle is nested deeper than %d", maxNesting)
)

func (m *measure) add(v any, depth int) error {
	m.values--
	m.bytes -= size(v)
	switch {
	case m.values < 0 || m.bytes < 0:
		return errExpands
	case depth > maxNesting:
		return errNesting
	}
	switch v := v.(type) {
	case *list:
		return m.inside(&v.open, depth, v.items)
	case *dict:
		return m.inside(&v.open, depth, v.keys, v.values)
	}
	return nil
}

func (m *measure) inside(open *bool, depth int, parts ...[]any) error {
	if *open {
		return errCycle
	}
	*open = true
	defer func() { *open = false }()
	for _, part := range parts {
		for _, v := range part {
			if err := m.add(v, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

func size(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case []byte:
		return len(v)
	case number:
		return len(v)
	case *big.Int:
		return v.BitLen() / 3
	}
	return 8
}

// logAttributes is what a LogRecord says that zap has a place for.
type logAttributes struct {
	entry     zapcore.Entry
	level     any
	levelname string
	pathname  string
}

func attributesOf(d *dict, now time.Time) logAttributes {
	a := logAttributes{entry: zapcore.Entry{Time: now}}
	ent := &a.entry
	for i, key := range d.keys {
		v := d.values[i]
		text, isText := v.(string)
		switch key {
		case "name":
			if isText && text != "root" {
				ent.LoggerName = clean(text)
			}
		case "msg":
			ent.Message = textOf(v)
		case "levelno":
			a.level = v
			ent.Level = zapLevel(v)
		case "levelname":
			a.levelname = text
		case "created":
			ent.Time = timeOf(v, now)
		case "pathname":
			a.pathname = clean(text)
			ent.Caller.File = a.pathname
			ent.Caller.Defined = isText && text != "(unknown file)"
		case "lineno":
			n, _ := v.(int64)
			ent.Caller.Line = int(min(max(n, 0), math.MaxInt32))
		case "funcName":
			ent.Caller.Function = clean(text)
		case "exc_text":
			ent.Stack = clean(text)
		}
	}
	if !ent.Caller.Defined {
		ent.Caller = zapcore.EntryCaller{}
	}
	return a
}

// appendFields appends what the entry does not say.
func (a *logAttributes) appendFields(fields []zapcore.Field, d *dict) []zapcore.Field {
	number, name := pythonLevel(a.entry.Level)
	standard := a.level == number && a.levelname == name
	for i, key := range d.keys {
		v := d.values[i]
		switch key {
		case "name", "msg", "created", "pathname", "lineno", "funcName", "msecs":
			continue
		case "levelno", "levelname":
			if standard {
				continue
			}
		case "exc_text":
			if _, isText := v.(string); isText || v == nil {
				continue
			}
		case "args", "exc_info", "stack_info", "thread", "threadName", "processName", "process", "taskName", "relativeCreated":
			if v == nil {
				continue
			}
		case "message":
			if textOf(v) == a.entry.Message {
				continue
			}
		case "filename", "module":
			if text, ok := v.(string); ok && strings.Contains(a.pathname, clean(text)) || !a.entry.Caller.Defined {
				continue
			}
		}
		fields = append(fields, fieldOf(textOf(key), v))
	}
	return fields
}

// zapLevel returns the level for a Python number, of whatever size.
func zapLevel(v any) zapcore.Level {
	n, ok := v.(int64)
	if !ok {
		if b, isBig := v.(*big.Int); isBig && b.Sign() > 0 {
			n = math.MaxInt64
		} else if f, isFloat := v.(float64); isFloat && f > 0 {
			n = int64(min(f, 50))
		}
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
	case float64:
		if math.Abs(v) < most {
			seconds := math.Floor(v)
			return time.Unix(int64(seconds), int64(math.Round((v-seconds)*1e6))*1000)
		}
	case int64:
		if v > -most && v < most {
			return time.Unix(v, 0)
		}
	}
	return now
}

// clean returns s as UTF-8. Python's strings may hold lone surrogates, and Python 2's any bytes.
func clean(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\ufffd")
}

// textOf returns a text for any value: it is for keys, and for messages that are no string.
func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case string:
		return clean(v)
	case []byte:
		return clean(string(v))
	case bool:
		if v {
			return "True"
		}
		return "False"
	case int64:
		return strconv.FormatInt(v, 10)
	case *big.Int:
		return v.String()
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case number:
		return string(v)
	case global:
		return clean(v.String())
	case *instance:
		return v.String()
	case *list:
		return "<list>"
	case *dict:
		return "<dict>"
	}
	return fmt.Sprint(v)
}

func (o *instance) String() string {
	if o.uuid != "" {
		return o.uuid
	}
	return clean(o.class.String())
}

// fieldOf returns v as a field of the type it has in Python.
func fieldOf(key string, v any) zapcore.Field {
	switch v := v.(type) {
	case nil:
		return zap.Reflect(key, nil)
	case bool:
		return zap.Bool(key, v)
	case int64:
		return zap.Int64(key, v)
	case *big.Int:
		if v.IsUint64() {
			return zap.Uint64(key, v.Uint64())
		}
		return zap.Reflect(key, json.RawMessage(v.String()))
	case number:
		return zap.Reflect(key, json.RawMessage(v))
	case float64:
		return zap.Float64(key, v)
	case complex128:
		return zap.Complex128(key, v)
	case []byte:
		return zap.Binary(key, v)
	case time.Time:
		return zap.Time(key, v)
	case time.Duration:
		return zap.Duration(key, v)
	case *list:
		return zap.Array(key, v)
	case *dict:
		return zap.Object(key, v)
	}
	return zap.String(key, textOf(v))
}

// MarshalLogObject implements zapcore.ObjectMarshaler.
func (d *dict) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	for i, key := range d.keys {
		fieldOf(textOf(key), d.values[i]).AddTo(enc)
	}
	return nil
}

// MarshalLogArray implements zapcore.ArrayMarshaler. Bytes are base64, as the JSON encoder writes binary fields.
func (l *list) MarshalLogArray(enc zapcore.ArrayEncoder) error {
	for _, v := range l.items {
		if err := appendValue(enc, v); err != nil {
			return err
		}
	}
	return nil
}

func appendValue(enc zapcore.ArrayEncoder, v any) error {
	switch v := v.(type) {
	case nil:
		return enc.AppendReflected(nil)
	case bool:
		enc.AppendBool(v)
	case int64:
		enc.AppendInt64(v)
	case *big.Int:
		return enc.AppendReflected(json.RawMessage(v.String()))
	case number:
		return enc.AppendReflected(json.RawMessage(v))
	case float64:
		enc.AppendFloat64(v)
	case complex128:
		enc.AppendComplex128(v)
	case []byte:
		enc.AppendString(base64.StdEncoding.EncodeToString(v))
	case time.Time:
		enc.AppendTime(v)
	case time.Duration:
		enc.AppendDuration(v)
	case *list:
		return enc.AppendArray(v)
	case *dict:
		return enc.AppendObject(v)
	default:
		enc.AppendString(textOf(v))
	}
	return nil
}
