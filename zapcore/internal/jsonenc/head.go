package jsonenc

import (
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/zapcore/internal/tape"
)

// Record appends one record to dst, as an object behind which stands the line end of cfg: the entry, the nodes of context, then
// nodes.
func (w *Writer) Record(dst []byte, cfg *zapcore.EncoderConfig, ent *zapcore.Entry, context, nodes tape.Cursor) []byte {
	w.cfg, w.b, w.open = cfg, append(dst, '{'), 0
	w.head(ent)
	w.members(context)
	w.members(nodes)
	w.closeNamespaces()
	if ent.Stack != "" && cfg.StacktraceKey != "" {
		w.b = appendString(appendKey(w.b, cfg.StacktraceKey), ent.Stack)
	}
	dst = append(append(w.b, '}'), cfg.LineEnding...)
	w.b = nil
	return dst
}

// head writes what zap knows of a record beside its fields and its stack.
func (w *Writer) head(ent *zapcore.Entry) {
	cfg := w.cfg
	if cfg.LevelKey != "" && cfg.EncodeLevel != nil {
		w.b = appendKey(w.b, cfg.LevelKey)
		n := len(w.b)
		cfg.EncodeLevel(ent.Level, w)
		if len(w.b) == n {
			w.AppendString(ent.Level.String())
		}
	}
	if cfg.TimeKey != "" && !ent.Time.IsZero() {
		w.b = appendKey(w.b, cfg.TimeKey)
		w.AppendTime(ent.Time)
	}
	if cfg.NameKey != "" && ent.LoggerName != "" {
		w.b = appendKey(w.b, cfg.NameKey)
		n := len(w.b)
		cfg.EncodeName(ent.LoggerName, w)
		if len(w.b) == n {
			w.AppendString(ent.LoggerName)
		}
	}
	if ent.Caller.Defined {
		w.caller(&ent.Caller)
	}
	if cfg.MessageKey != "" {
		w.b = appendString(appendKey(w.b, cfg.MessageKey), ent.Message)
	}
}

func (w *Writer) caller(c *zapcore.EntryCaller) {
	if key := w.cfg.CallerKey; key != "" {
		w.b = appendKey(w.b, key)
		n := len(w.b)
		w.cfg.EncodeCaller(*c, w)
		if len(w.b) == n {
			w.AppendString(c.String())
		}
	}
	if key := w.cfg.FunctionKey; key != "" {
		w.b = appendString(appendKey(w.b, key), c.Function)
	}
}
