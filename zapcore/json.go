package zapcore

import (
	"sync"
	"sync/atomic"

	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/zapcore/internal/jsonenc"
	"example.com/zaphandlers/zapcore/internal/tape"
)

// NewJSON returns an encoder that writes what zapcore.NewJSONEncoder(cfg) writes, byte for byte, in about a third of the time: for
// the fields of a call, which it walks itself, and for a record from a queue or a buffer, of which it walks the tape. No plain field,
// error, Stringer or list of strings goes through an interface of zap's. It is a Formatter too, for a Handler that has records.
//
// What is added by With is encoded once. zap's own functions for levels, times in seconds, durations in seconds and callers are
// known, and cost less than others do.
//
// It serves wherever zap takes an Encoder. A zap.Config takes the name of one, which zap.RegisterEncoder gives it.
//
// A json.RawMessage stays JSON with every toolchain; zap's encoder writes it as a string when built by Go 1.27, because it has a
// String method there. (Fields that zap's own core adds by With are zap's to encode; FromWriter's are not.)
//
// It differs where zap's would panic or never end, too: a nil EncodeCaller writes the whole path, and what is nested deeper than
// a Record allows is an error in place of the value. For a cfg with a NewReflectedEncoder it returns zap's own encoder, because
// that must see the values themselves.
func NewJSON(cfg zapcore.EncoderConfig) zapcore.Encoder {
	if cfg.NewReflectedEncoder != nil {
		return zapcore.NewJSONEncoder(cfg)
	}
	switch {
	case cfg.SkipLineEnding:
		cfg.LineEnding = ""
	case cfg.LineEnding == "":
		cfg.LineEnding = zapcore.DefaultLineEnding
	}
	if cfg.EncodeName == nil {
		cfg.EncodeName = zapcore.FullNameEncoder
	}
	if cfg.EncodeCaller == nil {
		cfg.EncodeCaller = zapcore.FullCallerEncoder
	}
	return &jsonEncoder{cfg: jsonenc.NewConfig(cfg)}
}

// jsonEncoder is what NewJSON returns. What is added to it is recorded, and made members of JSON once, when a record first asks for
// them; what a Handler adds by With is made that at once.
type jsonEncoder struct {
	tape.Recorder // what was added since before

	cfg    *jsonenc.Config
	before jsonenc.Members
	all    atomic.Pointer[jsonMembers]
}

// jsonMembers are all that an encoder has, up to a size of its tape.
type jsonMembers struct {
	jsonenc.Members
	size int
}

var (
	_ zapcore.Encoder = (*jsonEncoder)(nil)
	_ Formatter       = (*jsonEncoder)(nil)
)

// cloneRoom is for what is added to a clone: as a rule, the fields of one With.
const cloneRoom = 256

// Clone implements zapcore.Encoder.
func (e *jsonEncoder) Clone() zapcore.Encoder {
	return &jsonEncoder{Recorder: tape.NewRecorder(cloneRoom), cfg: e.cfg, before: e.members()}
}

// with returns an encoder that has fields too.
func (e *jsonEncoder) with(fields []zapcore.Field) *jsonEncoder {
	l := jsonLines.Get().(*jsonLine)
	var before jsonenc.Members
	var err error
	if l.b, before, err = l.writer.Fields(l.b, e.cfg, e.members(), fields); err != nil {
		before = e.members() // a field of more than a gigabyte takes the others with it
	}
	l.free()
	return &jsonEncoder{cfg: e.cfg, before: before}
}

// members returns what was added to e. As with any encoder, nothing is added while records are encoded.
func (e *jsonEncoder) members() jsonenc.Members {
	if len(e.Bytes()) == 0 {
		return e.before
	}
	return e.withRecorded()
}

// withRecorded returns what was added before, and what is on the tape.
func (e *jsonEncoder) withRecorded() jsonenc.Members {
	nodes := e.Bytes()
	if all := e.all.Load(); all != nil && all.size == len(nodes) {
		return all.Members
	}
	l := jsonLines.Get().(*jsonLine)
	all := &jsonMembers{size: len(nodes)}
	l.b, all.Members = l.writer.Nodes(l.b, e.cfg, e.before, tape.NewCursor(nodes, 0))
	l.free()
	e.all.Store(all)
	return all.Members
}

// jsonLine is what a record of a logger is written with, and the memory of its line.
type jsonLine struct {
	writer jsonenc.Writer
	b      []byte
}

var jsonLines = sync.Pool{New: func() any { return new(jsonLine) }}

// line returns the line of a record that comes from a logger. It is the caller's to free, unless there is an error.
func (e *jsonEncoder) line(ent *zapcore.Entry, fields []zapcore.Field) (*jsonLine, error) {
	l := jsonLines.Get().(*jsonLine)
	var err error
	if l.b, err = l.writer.Entry(l.b[:0], e.cfg, ent, e.members(), fields); err != nil {
		return nil, err
	}
	return l, nil
}

func (l *jsonLine) free() {
	if cap(l.b) <= keepBuffer && l.writer.Memory() <= keepBuffer {
		jsonLines.Put(l)
	}
}

// EncodeEntry implements zapcore.Encoder. It fails only where Record.Capture does.
func (e *jsonEncoder) EncodeEntry(ent zapcore.Entry, fields []zapcore.Field) (*buffer.Buffer, error) {
	l, err := e.line(&ent, fields)
	if err != nil {
		return nil, err
	}
	buf := bufferPool.Get()
	buf.AppendBytes(l.b)
	l.free()
	return buf, nil
}

// Append implements Formatter.
func (e *jsonEncoder) Append(dst []byte, r *Record) ([]byte, error) {
	return r.json.Record(dst, e.cfg, r.EntryView(), e.members(), r.nodes()), nil
}

// AppendJSONString appends s as a string of JSON, in quotes, as zap's JSON encoder writes it: what is no UTF-8 becomes \ufffd. It
// is for Formatters that write JSON of their own.
func AppendJSONString[T string | []byte](dst []byte, s T) []byte { return jsonenc.AppendString(dst, s) }
