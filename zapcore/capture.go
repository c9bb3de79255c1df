package zapcore

import (
	"encoding/binary"
	"slices"
	"time"

	"go.uber.org/zap/zapcore"
)

// nodeBound is more than a node of fixed size takes beyond its key and text: the tag, two lengths, sixteen bytes of value.
const nodeBound = 1 + 2*binary.MaxVarintLen32 + 16

// headBound is more than the head of a tape takes beyond its texts.
const headBound = 3 + timeSize + zoneFixed + 6*binary.MaxVarintLen32 + 8

// entry starts a tape with what zap knows of a record beside its fields.
func (r *recorder) entry(ent *zapcore.Entry) {
	c := &ent.Caller
	room := headBound + len(ent.LoggerName) + len(ent.Message) + len(c.File) + len(c.Function) + len(ent.Stack)
	b := slices.Grow(r.b[:0], room)
	b = b[:cap(b)]
	putTime(b[tapeTimeAt:], ent.Time)
	n := tapeZoneAt
	var flags byte
	if ent.Time.Location() != time.UTC {
		flags |= flagZone
		r.b = appendZone(b[:n], ent.Time)
		b = slices.Grow(r.b, room)
		n, b = len(b), b[:cap(b)]
	}
	if ent.LoggerName != "" {
		flags |= flagName
		n = putText(b, n, ent.LoggerName)
	}
	n = putText(b, n, ent.Message)
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
	b[0], b[tapeLevelAt], b[tapeFlagsAt] = tapeVersion, byte(ent.Level), flags
	r.b = b[:n]
}

func putTime(b []byte, t time.Time) {
	binary.LittleEndian.PutUint64(b, uint64(t.Unix()))
	binary.LittleEndian.PutUint32(b[8:], uint32(t.Nanosecond()))
}

// plain says how a field of plain data is recorded: by which tag, in how many bytes of its Integer, and which bits of Integer
// are added to the tag (a bool's value is in its tag). The other types have tagInvalid here.
var plain = [256]struct {
	tag        tag
	size, flag uint8
	_          uint8 // four bytes, so that an index is a shift
}{
	zapcore.StringType:    {tag: tagString},
	zapcore.Int64Type:     {tag: tagInt64, size: 8},
	zapcore.Int32Type:     {tag: tagInt32, size: 4},
	zapcore.Int16Type:     {tag: tagInt16, size: 2},
	zapcore.Int8Type:      {tag: tagInt8, size: 1},
	zapcore.Uint64Type:    {tag: tagUint64, size: 8},
	zapcore.Uint32Type:    {tag: tagUint32, size: 4},
	zapcore.Uint16Type:    {tag: tagUint16, size: 2},
	zapcore.Uint8Type:     {tag: tagUint8, size: 1},
	zapcore.UintptrType:   {tag: tagUintptr, size: 8},
	zapcore.DurationType:  {tag: tagDuration, size: 8},
	zapcore.Float64Type:   {tag: tagFloat64, size: 8},
	zapcore.Float32Type:   {tag: tagFloat32, size: 4},
	zapcore.BoolType:      {tag: tagFalse, flag: 1},
	zapcore.NamespaceType: {tag: tagNamespace},
}

// fields records fields in order. Plain data takes the short way below; whatever runs code of the program (marshalers,
// Stringers, errors, reflection) goes through zap's own Field.AddTo, which also turns its panics and errors into what zap's
// encoders would log.
//
// Most of the cost of a field is the copy of its key, and most of that is the call of memmove: so a key of 4 to 16 bytes is
// copied in place by two loads and stores, which overlap. An integer is written as eight bytes; where its value has fewer,
// the next node overwrites the rest.
func (r *recorder) fields(fields []zapcore.Field) {
	b, n := r.b[:cap(r.b)], len(r.b)

	for i := range fields {
		f := &fields[i]
		as := plain[f.Type]
		if as.tag == tagInvalid {
			r.b = b[:n]
			r.slowField(f)
			n, b = len(r.b), r.b[:cap(r.b)]
			continue
		}
		key := f.Key
		if n+len(key)+len(f.String)+nodeBound > len(b) {
			b = slices.Grow(b[:n], len(key)+len(f.String)+nodeBound)
			b = b[:cap(b)]
		}
		b[n] = as.tag + byte(f.Integer)&as.flag
		n++
		if len(key) < 4 || len(key) > 16 {
			n = putText(b, n, key)
		} else {
			b[n] = byte(len(key))
			n++
			if len(key) >= 8 {
				binary.LittleEndian.PutUint64(b[n:], load64(key, 0))
				binary.LittleEndian.PutUint64(b[n+len(key)-8:], load64(key, len(key)-8))
			} else {
				binary.LittleEndian.PutUint32(b[n:], load32(key, 0))
				binary.LittleEndian.PutUint32(b[n+len(key)-4:], load32(key, len(key)-4))
			}
			n += len(key)
		}
		if as.tag == tagString {
			n = putText(b, n, f.String)
		} else {
			binary.LittleEndian.PutUint64(b[n:], uint64(f.Integer))
			n += int(as.size)
		}
	}
	r.b = b[:n]
}

// putText writes a length and the bytes of s to b at n, where there is room, and returns where they end.
func putText(b []byte, n int, s string) int {
	if len(s) < 0x80 {
		b[n] = byte(len(s))
		n++
	} else {
		n += binary.PutUvarint(b[n:], uint64(len(s)))
	}
	return n + copy(b[n:], s)
}

// load64 returns the eight bytes of s at i, load32 four; the compiler makes one load of each.
func load64(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func load32(s string, i int) uint32 {
	s = s[i : i+4]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

// slowField records a field that is not plain data.
func (r *recorder) slowField(f *zapcore.Field) {
	at := len(r.b)
	f.AddTo(r)
	if f.Type == zapcore.ErrorType {
		r.markError(at, f.Key)
	}
}

// markError notes that the string just recorded for key was an error's text, not some other string. It is not there when
// Error panicked: then zap logs the panic under another key.
func (r *recorder) markError(at int, key string) {
	c := cursor{b: r.b, at: at}
	if c.more() && c.tag() == tagString && c.text() == key {
		r.b[at] = tagError
	}
}
