package jsonenc

import (
	"strings"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/zapcore/internal/tape"
)

// Members are members of an object that were written before: those of With. The zero value holds none.
type Members struct {
	text string
	open int // namespaces
}

// Members returns the nodes from c on as members.
func (w *Writer) Members(cfg *Config, c tape.Cursor) Members {
	w.cfg, w.b, w.open = cfg, append(w.b[:0], '{'), 0
	w.members(c)
	return Members{string(w.b[1:]), w.open}
}

// Record appends one record to dst, as an object behind which stands the line end of cfg: the entry, the members of with, then
// nodes.
func (w *Writer) Record(dst []byte, cfg *Config, ent *zapcore.Entry, with Members, nodes tape.Cursor) []byte {
	w.begin(dst, cfg, ent, with)
	w.members(nodes)
	return w.end(ent)
}

// Entry is Record for an entry and fields that a logger gives. The error is tape.ErrTooLong.
func (w *Writer) Entry(dst []byte, cfg *Config, ent *zapcore.Entry, with Members, fields []zapcore.Field) ([]byte, error) {
	w.begin(dst, cfg, ent, with)
	err := w.fields(fields)
	return w.end(ent), err
}

func (w *Writer) begin(dst []byte, cfg *Config, ent *zapcore.Entry, with Members) {
	w.cfg, w.b, w.open = cfg, dst, with.open
	w.head(ent)
	if with.text != "" {
		if w.b[len(w.b)-1] != '{' {
			w.b = append(w.b, ',')
		}
		w.b = append(w.b, with.text...)
	}
}

func (w *Writer) end(ent *zapcore.Entry) []byte {
	w.closeNamespaces()
	if ent.Stack != "" && w.cfg.stackKey != "" {
		w.b = appendString(appendReady(w.b, w.cfg.stackKey), ent.Stack)
	}
	b := append(append(w.b, '}'), w.cfg.LineEnding...)
	w.b = nil
	return b
}

// head writes what zap knows of a record beside its fields and its stack.
func (w *Writer) head(ent *zapcore.Entry) {
	cfg := w.cfg
	if i := uint(ent.Level - zapcore.DebugLevel); i < uint(len(cfg.levels)) && cfg.levels[i] != "" {
		w.b = append(w.b, cfg.levels[i]...)
	} else {
		w.b = append(w.b, '{')
		w.level(ent.Level)
	}
	if cfg.timeKey != "" && !ent.Time.IsZero() {
		w.b = appendReady(w.b, cfg.timeKey)
		w.AppendTime(ent.Time)
	}
	if cfg.nameKey != "" && ent.LoggerName != "" {
		w.b = appendReady(w.b, cfg.nameKey)
		n := len(w.b)
		cfg.EncodeName(ent.LoggerName, w)
		if len(w.b) == n {
			w.AppendString(ent.LoggerName)
		}
	}
	if ent.Caller.Defined {
		w.caller(&ent.Caller)
	}
	if cfg.messageKey != "" {
		w.b = appendString(appendReady(w.b, cfg.messageKey), ent.Message)
	}
}

func (w *Writer) level(l zapcore.Level) {
	if w.cfg.levelKey == "" || w.cfg.EncodeLevel == nil {
		return
	}
	w.b = appendReady(w.b, w.cfg.levelKey)
	n := len(w.b)
	w.cfg.EncodeLevel(l, w)
	if len(w.b) == n {
		w.AppendString(l.String())
	}
}

func (w *Writer) caller(c *zapcore.EntryCaller) {
	if w.cfg.callerKey != "" {
		w.b = appendReady(w.b, w.cfg.callerKey)
		if w.cfg.caller != anyCaller {
			w.b = appendCaller(w.b, c, w.cfg.caller)
		} else {
			n := len(w.b)
			w.cfg.EncodeCaller(*c, w)
			if len(w.b) == n {
				w.AppendString(c.String())
			}
		}
	}
	if w.cfg.functionKey != "" {
		w.b = appendString(appendReady(w.b, w.cfg.functionKey), c.Function)
	}
}

// appendCaller appends a caller as zap's functions do, without the string that they make of it.
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
