package netcore

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"time"

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

// read makes r the record in a frame.
func (l *logRecordReader) read(r *base.Record, frame []byte, now time.Time) error {
	defer l.unpickler.release()
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
	for i := 0; i < len(d.items); i += 2 {
		v := d.items[i+1]
		said, isText := pointed[string](d.items, i+1)
		switch nameOf(d.items[i]) {
		case "name":
			if isText && said != "root" {
				ent.LoggerName = clean(said)
			}
		case "msg":
			ent.Message = textOf(v)
		case "levelno":
			a.level = v
			ent.Level = zapLevel(v)
		case "levelname":
			a.levelname = said
		case "created":
			ent.Time = timeOf(v, now)
		case "pathname":
			a.pathname = clean(said)
			ent.Caller.File = a.pathname
			ent.Caller.Defined = isText && said != "(unknown file)"
		case "lineno":
			n, _ := pointed[int64](d.items, i+1)
			ent.Caller.Line = int(min(max(n, 0), math.MaxInt32))
		case "funcName":
			ent.Caller.Function = clean(said)
		case "exc_text":
			ent.Stack = clean(said)
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
	level, _ := a.level.(integer)
	standard := level != nil && *level == number && a.levelname == name
	for i := 0; i < len(d.items); i += 2 {
		key, v := d.items[i], d.items[i+1]
		switch nameOf(key) {
		case "name", "msg", "created", "pathname", "lineno", "funcName", "msecs":
			continue
		case "levelno", "levelname":
			if standard {
				continue
			}
		case "exc_text":
			if _, isText := v.(text); isText || v == nil {
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
			if part, ok := v.(text); ok && strings.Contains(a.pathname, clean(*part)) || !a.entry.Caller.Defined {
				continue
			}
		}
		fields = append(fields, fieldOf(textOf(key), v))
	}
	return fields
}

// nameOf returns the name of an attribute, "" for what is none.
func nameOf(key any) string {
	if name, ok := key.(text); ok {
		return *name
	}
	return ""
}

// zapLevel returns the level for a Python number, of whatever size.
func zapLevel(v any) zapcore.Level {
	var n int64
	switch v := v.(type) {
	case integer:
		n = *v
	case float:
		if *v > 0 {
			n = int64(min(*v, 50))
		}
	case *big.Int:
		n = int64(v.Sign()) * math.MaxInt64
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
	case float:
		if math.Abs(*v) < most {
			seconds := math.Floor(*v)
			return time.Unix(int64(seconds), int64(math.Round((*v-seconds)*1e6))*1000)
		}
	case integer:
		if *v > -most && *v < most {
			return time.Unix(*v, 0)
		}
	}
	return now
}
