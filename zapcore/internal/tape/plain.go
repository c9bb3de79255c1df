package tape

import (
	"encoding/binary"
	"time"
	"unsafe"

	"go.uber.org/zap/zapcore"
)

// plain holds, by the type of a field, how plain data is recorded. It is 0 for other types.
var plain = [256]plainType{
	zapcore.StringType:    plainAs(TagString, 0, 0),
	zapcore.Int64Type:     plainAs(TagInt64, 8, 0),
	zapcore.Int32Type:     plainAs(TagInt32, 4, 0),
	zapcore.Int16Type:     plainAs(TagInt16, 2, 0),
	zapcore.Int8Type:      plainAs(TagInt8, 1, 0),
	zapcore.Uint64Type:    plainAs(TagUint64, 8, 0),
	zapcore.Uint32Type:    plainAs(TagUint32, 4, 0),
	zapcore.Uint16Type:    plainAs(TagUint16, 2, 0),
	zapcore.Uint8Type:     plainAs(TagUint8, 1, 0),
	zapcore.UintptrType:   plainAs(TagUintptr, 8, 0),
	zapcore.DurationType:  plainAs(TagDuration, 8, 0),
	zapcore.Float64Type:   plainAs(TagFloat64, 8, 0),
	zapcore.Float32Type:   plainAs(TagFloat32, 4, 0),
	zapcore.BoolType:      plainAs(TagFalse, 0, 1),
	zapcore.NamespaceType: plainAs(TagNamespace, 0, 0),
	zapcore.TimeType:      plainAs(TagTimeUTC, special, 0),
}

// special, in place of a size, marks values that need more than the field's Integer.
const special = 0xff

// plainType packs three bytes, so that one load reads them: a tag, how many bytes of a field's Integer follow it, and a flag that is 1 if
// an Integer of 1 selects the next tag (the value of a bool is in its tag).
type plainType uint32

func plainAs(t Tag, size, flag uint8) plainType {
	return plainType(t) | plainType(size)<<8 | plainType(flag)<<16
}

func (p plainType) tag() Tag    { return Tag(p) }
func (p plainType) size() int   { return int(uint8(p >> 8)) }
func (p plainType) flag() uint8 { return uint8(p >> 16) }

// isOne returns 1 if v is 1, which is how zap stores true, and else 0.
func isOne(v int64) (one uint8) {
	if v == 1 {
		one = 1
	}
	return one
}

// plainTypes has a bit for each type of plain data.
var plainTypes = func() (types uint64) {
	for t := range 64 {
		if plain[t] != 0 {
			types |= 1 << t
		}
	}
	return types
}()

// putFields writes fields of plain data to b at n, up to the first that is not plain or has no room. It returns where they end and
// how many it wrote.
//
// Most of the cost of a field is the copy of its key and its text, and most of that is the call of memmove. So short ones are
// copied by a few loads and stores, which overlap. Integer is written as eight bytes; the next write overwrites those that its
// type does not need. Bounds checks of slices would take as long as all that, so putFields writes through a
// pointer. It is safe because the room is checked once for each field.
func putFields(b []byte, n int, fields []zapcore.Field) (end, done int) {
	start := unsafe.Pointer(unsafe.SliceData(b))
	for i := range fields {
		f := &fields[i]
		as := plain[f.Type]
		k, v := len(f.Key), len(f.String)
		if as == 0 || n+k+v+nodeBound > len(b) {
			return n, i
		}
		at := n
		to, key := unsafe.Add(start, n), unsafe.Pointer(unsafe.StringData(f.Key))
		*(*[2]byte)(to) = [2]byte{as.tag() + isOne(f.Integer)&as.flag(), byte(k)}
		switch {
		case k >= 4 && k < 8:
			copy4(unsafe.Add(to, 2), key)
			copy4(unsafe.Add(to, 2+k-4), unsafe.Add(key, k-4))
			n += 2 + k
		case k >= 8 && k <= 16:
			copy8(unsafe.Add(to, 2), key)
			copy8(unsafe.Add(to, 2+k-8), unsafe.Add(key, k-8))
			n += 2 + k
		default:
			n = putText(b, n+1, f.Key)
		}
		to = unsafe.Add(start, n)
		if as.tag() != TagString {
			if as.size() == special {
				if n = putTimeField(b, at, n, f); n == at {
					return n, i
				}
				continue
			}
			binary.LittleEndian.PutUint64((*[8]byte)(to)[:], uint64(f.Integer))
			n += as.size()
			continue
		}
		if v >= 8 && v <= 32 {
			*(*byte)(to) = byte(v)
			copyShort(unsafe.Add(to, 1), unsafe.Pointer(unsafe.StringData(f.String)), v)
			n += 1 + v
		} else {
			n = putText(b, n, f.String)
		}
	}
	return n, len(fields)
}

// IsTime reports whether f is a field as zap.Time makes it, of a time within int64 nanoseconds. A field of that type from elsewhere may
// hold anything, and is left to zap.
func IsTime(f *zapcore.Field) bool {
	if f.Type != zapcore.TimeType {
		return false
	}
	_, ok := f.Interface.(*time.Location)
	return ok || f.Interface == nil
}

// TimeOf returns the time in f, as zap does.
func TimeOf(f *zapcore.Field) time.Time {
	t := time.Unix(0, f.Integer)
	if zone, ok := f.Interface.(*time.Location); ok && zone != nil {
		t = t.In(zone)
	}
	return t
}

// putTimeField writes the value of f to b at n; its tag lies at tagAt. It returns where the value ends, or tagAt if f is no time or
// has no room.
func putTimeField(b []byte, tagAt, n int, f *zapcore.Field) (end int) {
	if !IsTime(f) {
		return tagAt
	}
	t := TimeOf(f)
	zone, offset := t.Zone()
	if n+timeSize+zoneFixed+textHeadSize+len(zone) > len(b) {
		return tagAt
	}
	binary.LittleEndian.PutUint64(b[n:], uint64(t.Unix()))
	binary.LittleEndian.PutUint32(b[n+8:], uint32(t.Nanosecond()))
	n += timeSize
	if isUTC(zone, offset) {
		return n
	}
	b[tagAt] = TagTime
	binary.LittleEndian.PutUint32(b[n:], uint32(int32(offset)))
	return putText(b, n+zoneFixed, zone)
}
