package zapcore

import (
	"encoding/binary"
	"slices"

	"go.uber.org/zap/zapcore"
)

// nodeBound is at least what a node of plain data takes beyond its key and text, and what a node with a short key takes in
// all: the tag, the key's length, sixteen bytes of key, eight of value.
const nodeBound = 32

// headBound is more than the head of a tape takes beyond its texts.
const headBound = 3 + timeSize + zoneFixed + 6*textHeadSize + 8

// entry starts a tape with what zap knows of a record beside its fields.
func (r *recorder) entry(ent *zapcore.Entry) {
	zone, offset := ent.Time.Zone()
	b := r.b[:cap(r.b)]
	if room := entryBound(ent, zone); len(b) < room {
		b = make([]byte, room+room/2)
	}
	r.b = b[:putEntry(b, ent, zone, offset)]
}

// entryBound is at least what an entry takes whose time is in zone.
func entryBound(ent *zapcore.Entry, zone string) int {
	c := &ent.Caller
	return headBound + len(zone) + len(ent.LoggerName) + len(ent.Message) + len(c.File) + len(c.Function) + len(ent.Stack)
}

// putEntry writes the head of a tape to b, where there is room, and returns where it ends.
func putEntry(b []byte, ent *zapcore.Entry, zone string, offset int) (n int) {
	c := &ent.Caller
	var flags byte
	binary.LittleEndian.PutUint64(b[tapeTimeAt:], uint64(ent.Time.Unix()))
	binary.LittleEndian.PutUint32(b[tapeTimeAt+8:], uint32(ent.Time.Nanosecond()))
	n = tapeZoneAt
	if !isUTC(zone, offset) {
		flags = flagZone
		binary.LittleEndian.PutUint32(b[n:], uint32(int32(offset)))
		n = putText(b, n+zoneFixed, zone)
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
	return n
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

// fields records fields in order. Plain data takes the short way of putFields; whatever runs code of the program
// (marshalers, Stringers, errors, reflection) goes through zap's own Field.AddTo, which also turns its panics and errors
// into what zap's encoders would log.
func (r *recorder) fields(fields []zapcore.Field) {
	for {
		n, done := putFields(r.b[:cap(r.b)], len(r.b), fields)
		r.b = r.b[:n]
		fields = fields[done:]
		if len(fields) == 0 {
			return
		}
		f := &fields[0]
		if plain[f.Type].tag != tagInvalid {
			r.b = slices.Grow(r.b, len(f.Key)+len(f.String)+nodeBound)
			continue
		}
		r.slowField(f)
		fields = fields[1:]
	}
}

// putFields writes fields of plain data to b at n, up to the first that is none or has no room. It returns where they end and
// how many they were.
//
// Most of the cost of a field is the copy of its key, and most of that is the call of memmove: so a key of 4 to 16 bytes is
// copied in place by two loads and stores, which overlap. Integer is written for every field and as eight bytes; what its
// value does not need is overwritten by what comes next.
func putFields(b []byte, n int, fields []zapcore.Field) (end, done int) {
	for i := range fields {
		f := &fields[i]
		as := plain[f.Type]
		key := f.Key
		if as.tag == tagInvalid || n+len(key)+len(f.String)+nodeBound > len(b) {
			return n, i
		}
		node := (*[nodeBound]byte)(b[n:])
		node[0] = as.tag + byte(f.Integer)&as.flag
		node[1] = byte(len(key))
		switch k := uint(len(key)); {
		case k >= 4 && k < 8:
			binary.LittleEndian.PutUint32(node[2:], load32(key, 0))
			binary.LittleEndian.PutUint32(node[2+k-4:], load32(key, len(key)-4))
			binary.LittleEndian.PutUint64(node[2+k:], uint64(f.Integer))
			n += int(2 + k)
		case k >= 8 && k <= 16:
			binary.LittleEndian.PutUint64(node[2:], load64(key, 0))
			binary.LittleEndian.PutUint64(node[2+k-8:], load64(key, len(key)-8))
			binary.LittleEndian.PutUint64(node[2+k:], uint64(f.Integer))
			n += int(2 + k)
		default:
			n = putText(b, n+1, key)
			binary.LittleEndian.PutUint64(b[n:], uint64(f.Integer))
		}
		if as.tag == tagString {
			n = putText(b, n, f.String)
		} else {
			n += int(as.size)
		}
	}
	return n, len(fields)
}

// IsPlain tells whether recording fields runs no code of the program: they are strings, numbers, bools, durations and
// namespaces. Then CapturePlain may record them under a lock.
func IsPlain(fields []zapcore.Field) bool {
	all := uint64(1)
	for i := range fields {
		all &= plainTypes >> (fields[i].Type & 63)
	}
	return all != 0
}

// plainTypes has a bit for each type that plain knows.
var plainTypes = func() (types uint64) {
	for t := range 64 {
		if plain[t].tag != tagInvalid {
			types |= 1 << t
		}
	}
	return types
}()

// CapturePlain writes the tape that Record.Capture would make of ent, the fields of context and then fields into b, and
// returns how long it is. It returns 0 if b has too little room, which is some bytes more than the tape takes, or if a field
// is not plain.
func CapturePlain(b []byte, ent *zapcore.Entry, context *Context, fields []zapcore.Field) int {
	zone, offset := ent.Time.Zone()
	if len(b) < entryBound(ent, zone)+len(context.nodes) {
		return 0
	}
	n := putEntry(b, ent, zone, offset)
	n += copy(b[n:], context.nodes)
	n, done := putFields(b, n, fields)
	if done < len(fields) {
		return 0
	}
	return n
}

// putText writes a length and the bytes of s to b at n, where there is room, and returns where they end.
func putText(b []byte, n int, s string) int {
	if len(s) < longText {
		b[n] = byte(len(s))
		n++
	} else {
		b[n] = longText
		binary.LittleEndian.PutUint32(b[n+1:], uint32(len(s)))
		n += textHeadSize
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
	c := cursorAt(r.b, at)
	if c.more() && c.tag() == tagString && c.text() == key {
		r.b[at] = tagError
	}
}
