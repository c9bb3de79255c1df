package zapcore

import (
	"sync"
	"sync/atomic"

	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/zapcore/internal/jsonenc"
	"example.com/zaphandlers/zapcore/internal/tape"
)

// NewJSON returns an encoder that writes the same bytes as zapcore.NewJSONEncoder(cfg) in about a third of the time. It walks the fields
// of a call itself, and the tape of a record that comes from a queue or a buffer: no plain field, error, Stringer or list of strings
// goes through zap's encoder interfaces. It is a Formatter too, for a Handler that has records.
//
// Fields added by With are encoded once. zap's own functions for levels, times in seconds, durations in seconds and callers are
// recognized, and cost less than other functions.
//
// Use it wherever zap takes an Encoder. A zap.Config takes the name of an encoder: register one by zap.RegisterEncoder.
//
// It differs from zap's encoder in three ways. A json.RawMessage stays JSON with every toolchain; zap's encoder writes it as a string
// when built by Go 1.27, where it has a String method. (This holds for With fields too, except in zap's own core, which encodes those
// itself.) A nil EncodeCaller writes the whole path, where zap's panics. A value that is nested deeper than a Record allows becomes
// an error, where zap's may never end.
//
// For a cfg with a NewReflectedEncoder it returns zap's own encoder, because a NewReflectedEncoder must see the values themselves.
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

// jsonEncoder is the encoder of NewJSON. Fields that zap adds to it are recorded, and encoded as JSON members once, when the first record
// needs them. Fields that a Handler adds by With are encoded at once.
type jsonEncoder struct {
	tape.Recorder // fields added to this encoder, not yet in inherited

	cfg       *jsonenc.Config
	inherited jsonenc.Members
	cached    atomic.Pointer[jsonMembers]
}

// jsonMembers are the encoded members of a jsonEncoder, up to a size of its tape.
type jsonMembers struct {
	jsonenc.Members
	size int
}

var (
	_ zapcore.Encoder = (*jsonEncoder)(nil)
	_ Formatter       = (*jsonEncoder)(nil)
)

// cloneRoom is how many bytes a clone has room for: mostly it gets the fields of one With.
const cloneRoom = 256

// Clone implements zapcore.Encoder.
func (e *jsonEncoder) Clone() zapcore.Encoder {
	return &jsonEncoder{Recorder: tape.NewRecorder(cloneRoom), cfg: e.cfg, inherited: e.members()}
}

// with returns an encoder that has the members of e and then fields.
func (e *jsonEncoder) with(fields []zapcore.Field) *jsonEncoder {
	l := jsonLines.Get().(*jsonLine)
	var before jsonenc.Members
	var err error
	if l.b, before, err = l.writer.Fields(l.b, e.cfg, e.members(), fields); err != nil {
		before = e.members() // a field of more than a gigabyte takes the others with it
	}
	l.free()
	return &jsonEncoder{cfg: e.cfg, inherited: before}
}

// members returns the encoded fields of e. As with any encoder, fields must not be added while records are encoded.
func (e *jsonEncoder) members() jsonenc.Members {
	if len(e.Bytes()) == 0 {
		return e.inherited
	}
	return e.withRecorded()
}

// withRecorded is members for an encoder with a tape: it encodes the tape, unless it has done so before.
func (e *jsonEncoder) withRecorded() jsonenc.Members {
	nodes := e.Bytes()
	if all := e.cached.Load(); all != nil && all.size == len(nodes) {
		return all.Members
	}
	l := jsonLines.Get().(*jsonLine)
	all := &jsonMembers{size: len(nodes)}
	l.b, all.Members = l.writer.Nodes(l.b, e.cfg, e.inherited, tape.NewCursor(nodes, 0))
	l.free()
	e.cached.Store(all)
	return all.Members
}

// jsonLine is a writer of lines with its buffer, from a pool.
type jsonLine struct {
	writer jsonenc.Writer
	b      []byte
}

var jsonLines = sync.Pool{New: func() any { return new(jsonLine) }}

// line returns the line for an entry and its fields. The caller must free it, unless there is an error.
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

// AppendJSONString appends s as a quoted JSON string, escaped as by zap's JSON encoder: invalid UTF-8 becomes \ufffd. It
// is for Formatters that write their own JSON.
func AppendJSONString[T string | []byte](dst []byte, s T) []byte { return jsonenc.AppendString(dst, s) }
