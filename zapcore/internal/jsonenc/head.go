package jsonenc

import (
	"strings"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/zapcore/internal/tape"
)

// Members are encoded members of an object, each with a comma before it: the fields of With. The zero value holds none.
type Members struct {
	text string
	open int // how many namespaces are open
}

// Fields returns the members of before and then fields. memory is its scratch buffer, which it returns for the next call. The error is
// tape.ErrTooLong.
func (w *Writer) Fields(memory []byte, cfg *Config, before Members, fields []zapcore.Field) ([]byte, Members, error) {
	b, err := w.fields(w.resume(memory, cfg, before), fields)
	return b, w.pause(b), err
}

// Nodes returns the members of before and then the nodes from c on. For memory see Fields.
func (w *Writer) Nodes(memory []byte, cfg *Config, before Members, c tape.Cursor) ([]byte, Members) {
	w.b = w.resume(memory, cfg, before)
	w.members(c)
	b := w.b
	w.b = nil
	return b, w.pause(b)
}

// empty stands before Members while they are written, so that each begins with a comma.
const empty = "{}"

func (w *Writer) resume(memory []byte, cfg *Config, before Members) []byte {
	w.cfg, w.open = cfg, before.open
	return append(append(memory[:0], empty...), before.text...)
}

func (w *Writer) pause(b []byte) Members { return Members{string(b[len(empty):]), w.open} }

// Record appends one record to dst, as an object and the line ending of cfg. The object holds the entry, the members of with, then
// nodes.
func (w *Writer) Record(dst []byte, cfg *Config, ent *zapcore.Entry, with Members, nodes tape.Cursor) []byte {
	w.cfg, w.open = cfg, with.open
	w.b = appendReady(w.head(dst, ent), with.text)
	w.members(nodes)
	dst, w.b = w.b, nil
	return w.end(dst, ent)
}

// Entry is Record for the entry and the fields of a call. The error is tape.ErrTooLong.
func (w *Writer) Entry(dst []byte, cfg *Config, ent *zapcore.Entry, with Members, fields []zapcore.Field) ([]byte, error) {
	w.cfg, w.open = cfg, with.open
	dst, err := w.fields(appendReady(w.head(dst, ent), with.text), fields)
	return w.end(dst, ent), err
}

func (w *Writer) end(b []byte, ent *zapcore.Entry) []byte {
	for ; w.open > 0; w.open-- {
		b = append(b, '}')
	}
	if ent.Stack != "" && w.cfg.stackKey != "" {
		b = appendString(appendReady(b, w.cfg.stackKey), ent.Stack)
	}
	if w.cfg.newline && cap(b)-len(b) >= 2 {
		b = b[:len(b)+2]
		b[len(b)-2], b[len(b)-1] = '}', '\n'
		return b
	}
	return append(append(b, '}'), w.cfg.LineEnding...)
}

// head appends the entry without its stack. Code that calls functions of the program works in w.b.
func (w *Writer) head(b []byte, ent *zapcore.Entry) []byte {
	cfg := w.cfg
	i, timed := uint(ent.Level-zapcore.DebugLevel), cfg.timeKey != "" && !ent.Time.IsZero()
	if timed && cfg.epoch && i < uint(len(cfg.starts)) && cfg.starts[i] != "" {
		b = w.epoch.append(append(b, cfg.starts[i]...), ent.Time.UnixNano())
	} else {
		w.b = append(b, '{')
		w.level(ent.Level)
		if timed {
			w.b = appendReady(w.b, cfg.timeKey)
			w.AppendTime(ent.Time)
		}
		b = w.b
	}
	if cfg.nameKey != "" && ent.LoggerName != "" || ent.Caller.Defined {
		w.b = b
		w.name(ent.LoggerName)
		w.caller(&ent.Caller)
		b = w.b
	}
	if cfg.messageKey != "" {
		b = appendString(appendReady(b, cfg.messageKey), ent.Message)
	}
	return b
}

func (w *Writer) name(name string) {
	if w.cfg.nameKey == "" || name == "" {
		return
	}
	w.b = appendReady(w.b, w.cfg.nameKey)
	n := len(w.b)
	w.cfg.EncodeName(name, hook{w})
	if len(w.b) == n {
		w.AppendString(name)
	}
}

func (w *Writer) level(l zapcore.Level) {
	if w.cfg.levelKey == "" || w.cfg.EncodeLevel == nil {
		return
	}
	w.b = appendReady(w.b, w.cfg.levelKey)
	n := len(w.b)
	w.cfg.EncodeLevel(l, hook{w})
	if len(w.b) == n {
		w.AppendString(l.String())
	}
}

func (w *Writer) caller(c *zapcore.EntryCaller) {
	if !c.Defined {
		return
	}
	if w.cfg.callerKey != "" {
		w.b = appendReady(w.b, w.cfg.callerKey)
		if w.cfg.caller != anyCaller {
			w.b = appendCaller(w.b, c, w.cfg.caller)
		} else {
			n := len(w.b)
			w.cfg.EncodeCaller(*c, hook{w})
			if len(w.b) == n {
				w.AppendString(c.String())
			}
		}
	}
	if w.cfg.functionKey != "" {
		w.b = appendString(appendReady(w.b, w.cfg.functionKey), c.Function)
	}
}

// appendCaller appends a caller as zap's functions do, without the string that they allocate.
func appendCaller(b []byte, c *zapcore.EntryCaller, form callerForm) []byte {
	file := c.File
	if form == shortCaller {
		if folder := strings.LastIndexByte(file, '/'); folder >= 0 {
			file = file[strings.LastIndexByte(file[:folder], '/')+1:]
		}
	}
	b = appendString(b, file)
	b[len(b)-1] = ':'
	return append(appendInt(b, int64(c.Line)), '"')
}
