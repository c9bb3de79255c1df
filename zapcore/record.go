package zapcore

import (
	"reflect"
	"sync"

	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/zapcore/internal/jsonenc"
	"example.com/zaphandlers/zapcore/internal/tape"
)

// MaxRecordSize is the largest record, in bytes of its tape: 1 GiB. A record that would be larger is refused by Capture and by Parse.
const MaxRecordSize = tape.MaxSize

// Record is one log record made self-contained: the entry, the fields of With and the fields of the call, as bytes (a tape)
// on which nothing points anywhere else. What the program changes after the call cannot change it. It is what Python's
// LogRecord is after QueueHandler.prepare, and the same bytes serve as a queue's slot, a buffer's content, an entry on disk
// and a message on a wire.
//
// Capture makes one from what a Core's Write is given; Parse reads one that came from outside; View looks at one that is
// known to be right. Encode, MarshalLogObject, AppendFields and Deliver hand it on: encoded at the end, it gives byte for
// byte what the fields would have given at once.
//
// A value that zap would encode by reflection is marshalled by encoding/json, at the call; an encoder that has a NewReflectedEncoder sees
// it as a json.RawMessage.
//
// The zero value is ready for use. A Record must not be copied, and is for one goroutine at a time.
type Record struct {
	tape []byte // what own has recorded, or bytes that View or Parse was given
	own  tape.Recorder

	nodesAt int           // where the fields begin; 0: not known yet
	decoded bool          // entry says what the tape says
	held    bool          // entry is not empty
	entry   zapcore.Entry // its strings alias the tape, or are those that Capture was given

	asked  zapcore.Core     // by mayHaveTape last
	answer bool             // of it
	inline [1]zapcore.Field // the Record itself as zap.Inline
	json   jsonenc.Writer   // what NewJSON's encoder writes with
	frame  []byte           // what a Handler's Formatter made of it
}

// keepBuffer is the largest buffer, in bytes, that a pool keeps: one huge record does not hold its memory for ever.
const keepBuffer = 64 << 10

var recordPool = sync.Pool{New: func() any { return new(Record) }}

// GetRecord returns a Record from a pool. Free gives it back.
func GetRecord() *Record { return recordPool.Get().(*Record) }

// Free returns r to the pool of GetRecord. Neither r nor anything it returned may be used afterwards.
func (r *Record) Free() {
	if r.own.Memory() > keepBuffer {
		return
	}
	r.reset(nil)
	if r.held {
		r.entry, r.held = zapcore.Entry{}, false
	}
	if cap(r.frame) > keepBuffer {
		r.frame = nil
	}
	r.asked = nil
	recordPool.Put(r)
}

// reset leaves entry as it is: what decoded does not vouch for is not looked at.
func (r *Record) reset(b []byte) { r.tape, r.nodesAt, r.decoded = b, 0, false }

// Capture records ent, the fields of context and then fields. Whatever code of the program the fields carry (Stringers,
// marshalers, Error methods) runs now; a panic in it reaches the caller as it does with zap's encoders. The only error is a
// record larger than MaxRecordSize, and leaves r empty.
//
// It allocates nothing itself once r has grown to the size of the records it is used for.
func (r *Record) Capture(ent zapcore.Entry, context Context, fields []zapcore.Field) error {
	return r.record(&ent, context, fields, nil)
}

// CaptureSaid is Capture, and does not ask errors and Stringers that said was asked about with the same fields.
func (r *Record) CaptureSaid(ent zapcore.Entry, context Context, fields []zapcore.Field, said *Texts) error {
	return r.record(&ent, context, fields, said)
}

func (r *Record) record(ent *zapcore.Entry, context Context, fields []zapcore.Field, said *Texts) error {
	r.reset(nil)
	r.own.Begin(ent)
	begin := len(r.own.Bytes())
	if context.nodes != "" {
		r.own.Nodes(context.nodes)
	}
	r.own.Fields(fields, said)
	if len(r.own.Bytes()) > MaxRecordSize {
		r.own.Release()
		return tape.ErrTooLong
	}
	r.tape, r.nodesAt = r.own.Bytes(), begin
	return nil
}

// capture is Capture for those who go on to format: it spares them decoding the entry.
func (r *Record) capture(ent *zapcore.Entry, context Context, fields []zapcore.Field) error {
	if err := r.record(ent, context, fields, nil); err != nil {
		return err
	}
	r.entry, r.decoded, r.held = *ent, true, true
	return nil
}

// Parse makes r show the record in b after checking all of it: whatever Parse accepts, the other methods can use without
// looking again. The bytes may come from anywhere. r aliases them and allocates nothing for them, so a record never takes more memory
// than its bytes; an error names the byte at which it stops making sense.
func (r *Record) Parse(b []byte) error {
	r.reset(nil)
	if err := tape.Check(b); err != nil {
		return err
	}
	r.tape = b
	return nil
}

// View makes r show the record that b holds: a tape, which must be what Bytes returned or Parse accepted, and must not change
// while r is used: r aliases it.
func (r *Record) View(b []byte) { r.reset(b) }

// Bytes returns the tape. It is valid until r is used for another record or freed; an empty tape means no record.
func (r *Record) Bytes() []byte { return r.tape }

// Level returns the record's level without decoding the rest.
func (r *Record) Level() zapcore.Level { return tape.Level(r.tape) }

// Message returns the message of r, and spares what else Entry decodes. It is valid as long as r is.
func (r *Record) Message() string { return tape.Message(r.tape) }

// Entry returns what zap knows of the record beside its fields. Its strings alias the tape. The caller's PC is not recorded, for it
// means nothing in another process: Caller.PC is 0 for every target and hook behind a queue, a buffer or a wire. File, line and
// function are recorded, and are all that zap's encoders use.
func (r *Record) Entry() zapcore.Entry { return *r.EntryView() }

// EntryView is Entry without the copy, for a Formatter. It is valid until r is used for another record, and must not be changed.
func (r *Record) EntryView() *zapcore.Entry {
	if !r.decoded {
		if r.held {
			r.entry = zapcore.Entry{}
		}
		r.nodesAt = tape.Head(&r.entry, r.tape)
		r.decoded, r.held = true, true
	}
	return &r.entry
}

// nodes returns a cursor at the first field.
func (r *Record) nodes() tape.Cursor {
	if r.nodesAt == 0 {
		r.EntryView() // which who looks at the fields looks at as well, as a rule
	}
	return tape.NewCursor(r.tape, r.nodesAt)
}

// MarshalLogObject adds the record's fields to enc, each by the method the field itself would have called, so that a Record
// is a zap.Inline field of its own. Strings and byte slices alias the tape: enc must copy what it keeps.
func (r *Record) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	r.nodes().Replay(enc)
	return nil
}

// AppendFields appends the record's fields to dst as Fields that code may look at: plain data as the caller gave it, errors
// as fields of ErrorType, objects and arrays as marshalers that replay them. They alias the tape; use Clone first for a core
// that keeps what it gets.
func (r *Record) AppendFields(dst []zapcore.Field) []zapcore.Field {
	if cap(dst) == 0 {
		dst = make([]zapcore.Field, 0, r.nodes().Count())
	}
	for c := r.nodes(); c.More(); {
		dst = append(dst, c.Field())
	}
	return dst
}

// Encode runs enc on the record and returns what enc does: the same bytes as for the original entry and fields. zap's own encoders add
// fields and do no more with them, so they see one inline field. An encoder of somebody else's may look at them, and keep them: it
// gets those of AppendFields, of a copy. An encoder that is a Formatter too, as NewJSON's is, is given the record itself.
func (r *Record) Encode(enc zapcore.Encoder) (*buffer.Buffer, error) {
	if f, ok := enc.(Formatter); ok {
		return r.encodeBy(f)
	}
	if !addsOnly(reflect.TypeOf(enc)) {
		own := r.Clone()
		return enc.EncodeEntry(own.Entry(), own.AppendFields(nil))
	}
	if r.decoded {
		return enc.EncodeEntry(r.entry, r.inlineField())
	}
	var ent zapcore.Entry
	r.nodesAt = tape.Head(&ent, r.tape)
	fields := r.inlineField()
	return enc.EncodeEntry(ent, fields)
}

// addsOnly tells whether encoders of a type add the fields of a record by Field.AddTo, and neither look at them nor keep them: zap's own, and
// that of NewJSON. They are known by name: a program that uses none of them is not to have them for this.
func addsOnly(encoder reflect.Type) bool {
	if known, ok := addsOnlyOf.Load(encoder); ok {
		return known.(bool)
	}
	named := encoder
	if named.Kind() == reflect.Pointer {
		named = named.Elem()
	}
	is := named.PkgPath() == reflect.TypeFor[zapcore.Entry]().PkgPath() && (named.Name() == "jsonEncoder" || named.Name() == "consoleEncoder") ||
		named.PkgPath() == reflect.TypeFor[Record]().PkgPath() && named.Name() == "jsonEncoder"
	addsOnlyOf.Store(encoder, is)
	return is
}

var addsOnlyOf sync.Map // of bool, by type

func (r *Record) encodeBy(f Formatter) (*buffer.Buffer, error) {
	frames := framesPool.Get().(*Frames)
	defer frames.free()
	var err error
	if frames.buf, err = f.Append(frames.buf[:0], r); err != nil {
		return nil, err
	}
	buf := bufferPool.Get()
	buf.AppendBytes(frames.buf)
	return buf, nil
}

var bufferPool = buffer.NewPool()

// AppendEncoded appends to dst what Encode returns, and returns the extended slice. After an error dst may have grown.
func (r *Record) AppendEncoded(dst []byte, enc zapcore.Encoder) ([]byte, error) {
	if f, ok := enc.(Formatter); ok {
		return f.Append(dst, r)
	}
	buf, err := r.Encode(enc)
	if err != nil {
		return dst, err
	}
	dst = append(dst, buf.Bytes()...)
	buf.Free()
	return dst, nil
}

// inlineField returns all fields as one, or none.
func (r *Record) inlineField() []zapcore.Field {
	if c := r.nodes(); !c.More() {
		return nil
	}
	if r.inline[0].Interface == nil {
		r.inline[0] = zapcore.Field{Type: zapcore.InlineMarshalerType, Interface: r}
	}
	return r.inline[:]
}

// NamesHash returns a hash of what the record's fields are called: their names, kinds, order and nesting. Two records whose
// names differ have different hashes, but for chance. Reflected objects and arrays count with their whole text, since names
// may be in it. Who has to look at all names of a record, and expects to see the same ones again and again, remembers by
// it what was found; it costs about 2 ns a field. The seed must not be chosen by whoever chooses the names.
func (r *Record) NamesHash(seed uint64) uint64 { return r.nodes().NamesHash(seed) }

// Clone returns a copy of r that shares nothing with it and is never pooled.
func (r *Record) Clone() *Record {
	return &Record{tape: append([]byte(nil), r.tape...)}
}
