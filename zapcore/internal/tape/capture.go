package tape

import (
	"encoding/binary"
	"slices"
	"unsafe"

	"go.uber.org/zap/zapcore"
)

// nodeBound is at least what a node of plain data takes beyond its key and text.
const nodeBound = 32

// headBound is more than the head of a tape takes beyond its texts.
const headBound = 3 + timeSize + zoneFixed + 6*textHeadSize + 8

// Begin begins a tape with its head, which holds the entry.
func (r *Recorder) Begin(ent *zapcore.Entry) {
	r.depth, r.list = 0, false
	zone, offset := ent.Time.Zone()
	b := r.b[:cap(r.b)]
	if room := entryBound(ent, zone); len(b) < room {
		b = make([]byte, room+room/2)
	}
	r.b = b[:putEntry(b, ent, zone, offset)]
}

// entryBound returns an upper bound of the size of an entry whose time is in zone.
func entryBound(ent *zapcore.Entry, zone string) int {
	c := &ent.Caller
	return headBound + len(zone) + len(ent.LoggerName) + len(ent.Message) + len(c.File) + len(c.Function) + len(ent.Stack)
}

// putEntry writes the head of a tape to b, where there is room, and returns where it ends.
func putEntry(b []byte, ent *zapcore.Entry, zone string, offset int) (n int) {
	c := &ent.Caller
	var flags byte
	binary.LittleEndian.PutUint64(b[timeAt:], uint64(ent.Time.Unix()))
	binary.LittleEndian.PutUint32(b[timeAt+8:], uint32(ent.Time.Nanosecond()))
	n = zoneAt
	if !isUTC(zone, offset) {
		flags = flagZone
		binary.LittleEndian.PutUint32(b[n:], uint32(int32(offset)))
		n = putText(b, n+zoneFixed, zone)
	}
	if ent.LoggerName != "" {
		flags |= flagName
		n = putText(b, n, ent.LoggerName)
	}
	n = putShort(b, n, ent.Message)
	if c.Defined {
		flags |= flagCaller
		n = putText(b, n, c.File)
		binary.LittleEndian.PutUint64(b[n:], uint64(c.Line))
		n = putText(b, n+8, c.Function)
	}
	if ent.Stack != "" {
		flags |= flagStack
		n = putText(b, n, ent.Stack)
	}
	b[0], b[levelAt], b[flagsAt] = version, byte(ent.Level), flags
	return n
}

// Fields records fields in order. Plain data takes the fast path of putFields; errors, Stringers and lists of strings are recorded by
// their texts. Other fields run code of the program (marshalers, reflection) through zap's own Field.AddTo, by AddField, which
// turns their panics and errors into what zap's encoders would log. Fields takes the texts of errors and Stringers from texts, as
// far as it has them; texts may be nil.
func (r *Recorder) Fields(fields []zapcore.Field, texts *Texts) {
	b, n, known := r.b[:cap(r.b)], len(r.b), 0
	for len(fields) > 0 {
		if plain[fields[0].Type] != 0 {
			var done int
			n, done = putFields(b, n, fields)
			if fields = fields[done:]; len(fields) == 0 {
				break
			}
		}
		f := &fields[0]
		fields = fields[1:]
		switch f.Type {
		case zapcore.ErrorType, zapcore.StringerType:
			text, ok := texts.get(known)
			if known++; !ok {
				text, ok = TextOf(f)
			}
			if ok && f.Type == zapcore.ErrorType {
				typeName := typeOf(f)
				b = roomFor(b, n, errorBound(f, text, typeName))
				n = putError(b, n, f, text, typeName)
				continue
			}
			if ok {
				b = roomFor(b, n, len(f.Key)+len(text)+nodeBound)
				n = putNode(b, n, TagString, f.Key, text)
				continue
			}
		case zapcore.ArrayMarshalerType:
			if list, ok := StringsOf(f); ok {
				b = roomFor(b, n, stringsBound(f.Key, list))
				n = putStrings(b, n, f.Key, list)
				continue
			}
		}
		r.b = b[:n]
		r.field(f)
		b, n = r.b[:cap(r.b)], len(r.b)
	}
	r.b = b[:n]
}

// roomFor returns b, or a longer copy of its first n bytes, with that much room behind them.
func roomFor(b []byte, n, room int) []byte {
	if n+room <= len(b) {
		return b
	}
	b = slices.Grow(b[:n], room)
	return b[:cap(b)]
}

// zoneBound returns an upper bound of the size of the zone of a time.
func zoneBound(f *zapcore.Field) int {
	if f.Type != zapcore.TimeType {
		return 0
	}
	name, _ := TimeOf(f).Zone()
	return len(name)
}

// Plain writes the tape of ent, nodes that were recorded before, and fields into b, and returns its length. texts.Ask must have been
// called with the same fields. It returns 0 if a field is neither plain nor in texts, or if b has too little room: it needs some bytes
// more than the tape takes.
func Plain(b []byte, ent *zapcore.Entry, nodes string, fields []zapcore.Field, texts *Texts) int {
	zone, offset := ent.Time.Zone()
	if len(b) < entryBound(ent, zone)+len(nodes) {
		return 0
	}
	n := putEntry(b, ent, zone, offset)
	if nodes != "" {
		n += copy(b[n:], nodes)
	}
	n, done := putFields(b, n, fields)
	for next := 0; done < len(fields); {
		f := &fields[done]
		if plain[f.Type] == 0 {
			if n, next = texts.put(b, n, f, next); n == 0 {
				return 0
			}
			done++
			continue
		}
		var more int
		if n, more = putFields(b, n, fields[done:]); more == 0 {
			return 0
		}
		done += more
	}
	return n
}

// field records a field that is not plain data, or a plain one that found no room.
func (r *Recorder) field(f *zapcore.Field) {
	if plain[f.Type] != 0 && (f.Type != zapcore.TimeType || IsTime(f)) {
		b := roomFor(r.b[:cap(r.b)], len(r.b), len(f.Key)+len(f.String)+nodeBound+zoneBound(f))
		n, _ := putFields(b, len(r.b), unsafe.Slice(f, 1))
		r.b = b[:n]
		return
	}
	at := len(r.b)
	AddField(r, f)
	if f.Type == zapcore.ErrorType {
		r.markError(at, f)
	}
}

// markError changes the string just recorded for f to the text of an error, and adds its type. If Error panicked there is no such
// string: zap logs the panic under another key.
func (r *Recorder) markError(at int, f *zapcore.Field) {
	c := NewCursor(r.b, at)
	if !c.More() || c.Tag() != TagString || c.Text() != f.Key {
		return
	}
	c.Text()
	typeName := typeOf(f)
	if typeName == "" {
		r.b[at] = TagError
		return
	}
	r.b[at] = TagTypedError
	r.b = slices.Insert(r.b, c.at, appendText(nil, typeName)...)
}
