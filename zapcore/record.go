package zapcore

import (
	"reflect"
	"sync"

	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/zapcore/internal/jsonenc"
	"example.com/zaphandlers/zapcore/internal/tape"
)

// MaxRecordSize is the largest record, in bytes of its tape: 1 GiB. Capture and Parse refuse a larger one.
const MaxRecordSize = tape.MaxSize

// Record is one self-contained log record: the entry, the fields of With and the fields of the call, written to bytes (a tape)
// that contain no pointers. Nothing that the program changes after the call can change it. It is what Python's
// LogRecord is after QueueHandler.prepare. The same bytes are the slot of a queue, the content of a buffer, an entry on a disk
// and a message on a wire.
//
// Capture makes a Record of the arguments of a Core's Write. Parse reads and checks a tape that came from outside; View takes a tape
// that is known to be valid. Encode, MarshalLogObject, AppendFields and Deliver hand the Record on. Encoding it later gives the same
// bytes as encoding the fields at the call.
//
// A value that zap would encode by reflection is marshalled by encoding/json at the call. An encoder with a NewReflectedEncoder gets
// it as a json.RawMessage.
//
// The zero value is ready for use. A Record must not be copied, and is for one goroutine at a time.
type Record struct {
	tape []byte // the bytes of own, or those given to View or Parse
	own  tape.Recorder

	nodesAt int           // where on the tape the fields begin; 0: not known yet
	decoded bool          // entry holds the entry of tape
	held    bool          // entry is not the zero value
	entry   zapcore.Entry // its strings alias the tape, or are those given to Capture

	tapeCore   zapcore.Core     // the core for which takesTape was last worked out
	tapeCoreOK bool             // what it returned
	inline     [1]zapcore.Field // the Record itself as zap.Inline
	json       jsonenc.Writer   // scratch of the encoder of NewJSON
	frame      []byte           // scratch of a Handler: what its Formatter appended
}

// keepBuffer is the largest buffer, in bytes, that a pool keeps, so that one huge record does not hold its memory for ever.
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
	r.tapeCore = nil
	recordPool.Put(r)
}

// reset makes b the tape. It leaves entry alone: without decoded nobody reads it.
func (r *Record) reset(b []byte) { r.tape, r.nodesAt, r.decoded = b, 0, false }

// Capture records ent, the fields of context and then fields. Code of the program that the fields carry (Stringers,
// marshalers, Error methods) runs now, and a panic in it reaches the caller as it does with zap's encoders. Capture fails only for a
// record larger than MaxRecordSize, and leaves r empty then.
//
// It allocates nothing itself once r has grown to the size of the records it is used for.
func (r *Record) Capture(ent zapcore.Entry, context Context, fields []zapcore.Field) error {
	return r.record(&ent, context, fields, nil)
}

// CaptureSaid is Capture, but takes the texts of errors and Stringers from texts, whose Ask was called with the same fields, as far as
// it has them.
func (r *Record) CaptureSaid(ent zapcore.Entry, context Context, fields []zapcore.Field, texts *Texts) error {
	return r.record(&ent, context, fields, texts)
}

func (r *Record) record(ent *zapcore.Entry, context Context, fields []zapcore.Field, texts *Texts) error {
	r.reset(nil)
	r.own.Begin(ent)
	begin := len(r.own.Bytes())
	if context.nodes != "" {
		r.own.Nodes(context.nodes)
	}
	r.own.Fields(fields, texts)
	if len(r.own.Bytes()) > MaxRecordSize {
		r.own.Release()
		return tape.ErrTooLong
	}
	r.tape, r.nodesAt = r.own.Bytes(), begin
	return nil
}

// capture is Capture that also keeps ent, so that a Formatter need not decode it.
func (r *Record) capture(ent *zapcore.Entry, context Context, fields []zapcore.Field) error {
	if err := r.record(ent, context, fields, nil); err != nil {
		return err
	}
	r.entry, r.decoded, r.held = *ent, true, true
	return nil
}

// Parse checks all of b and makes it the tape of r. The bytes may come from anywhere: the other methods rely on what Parse
// accepted, and check nothing. r aliases b and allocates nothing for it, so a record never takes more memory
// than its bytes. An error names the first byte that makes no sense.
func (r *Record) Parse(b []byte) error {
	r.reset(nil)
	if err := tape.Check(b); err != nil {
		return err
	}
	r.tape = b
	return nil
}

// View makes b the tape of r without checking it. Bytes must have returned b, or Parse have accepted it. r aliases b, which must not
// change while r is used.
func (r *Record) View(b []byte) { r.reset(b) }

// Bytes returns the tape. It is valid until r is used for another record or freed; an empty tape means no record.
func (r *Record) Bytes() []byte { return r.tape }

// Level returns the record's level without decoding the rest.
func (r *Record) Level() zapcore.Level { return tape.Level(r.tape) }

// Message returns the message of r without decoding the rest of the entry. It aliases the tape.
func (r *Record) Message() string { return tape.Message(r.tape) }

// Entry returns the entry: all that zap knows of a record beside its fields. Its strings alias the tape. The caller's PC is not
// recorded, for it means nothing in another process: Caller.PC is 0 for every target and hook behind a queue, a buffer or a wire.
// File, line and function are recorded; zap's encoders use nothing else.
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
		r.EntryView() // finds nodesAt; whoever needs the fields mostly needs the entry too
	}
	return tape.NewCursor(r.tape, r.nodesAt)
}

// MarshalLogObject adds the record's fields to enc, each by the method that the original field would have called, so that a Record
// can be a zap.Inline field. Strings and byte slices alias the tape: enc must copy what it keeps.
func (r *Record) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	r.nodes().Replay(enc)
	return nil
}

// AppendFields appends the record's fields to dst as zap Fields: plain data as the caller gave it, errors
// as fields of ErrorType, objects and arrays as marshalers that replay them. They alias the tape: for a core that keeps its fields,
// call it on a Clone.
func (r *Record) AppendFields(dst []zapcore.Field) []zapcore.Field {
	if cap(dst) == 0 {
		dst = make([]zapcore.Field, 0, r.nodes().Count())
	}
	for c := r.nodes(); c.More(); {
		dst = append(dst, c.Field())
	}
	return dst
}

// Encode returns what enc makes of the record: the same bytes as for the original entry and fields. zap's own encoders only add
// the fields, so they get one inline field. An encoder that is a Formatter too, as that of NewJSON is, gets the record itself. Any
// other encoder might inspect or keep the fields, so it gets those of AppendFields on a Clone.
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

// addsOnly reports whether encoders of a type only add fields by Field.AddTo, and neither inspect nor keep them: zap's own, and
// that of NewJSON. It compares names, so that a program that uses none of these encoders does not link them.
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

// NamesHash returns a hash of the names of the record's fields, with their kinds, order and nesting. Records whose
// names differ have different hashes, except by chance. Reflected objects and arrays count with their whole text, since names
// may be in it. It is the key of a cache for work that depends on the names of a record only, and costs about 2 ns a field.
// Whoever chooses the names must not know the seed.
func (r *Record) NamesHash(seed uint64) uint64 { return r.nodes().NamesHash(seed) }

// Clone returns a copy of r that shares nothing with it and is never pooled.
func (r *Record) Clone() *Record {
	return &Record{tape: append([]byte(nil), r.tape...)}
}
