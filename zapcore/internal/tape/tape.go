package tape

import (
	"fmt"
	"time"
	"unsafe"

	"go.uber.org/zap/zapcore"
)

// The tape: one record as bytes, all integers little-endian.
//
//	┌─────────┬───────┬───────┬──────┬──────┬────────┬─────────┬──────────┬─────────┬─────────────┐
//	│ version │ level │ flags │ time │ zone?│ name?  │ message │ caller?  │ stack?  │ node node … │
//	│ 1       │ int8  │ 1     │ 12   │      │ text   │ text    │          │ text    │             │
//	└─────────┴───────┴───────┴──────┴──────┴────────┴─────────┴──────────┴─────────┴─────────────┘
//	text    length in one byte, or for 255 bytes and more the byte 255 and a uint32; then the bytes
//	time    int64 seconds since 1970, uint32 nanoseconds
//	zone    int32 seconds east of UTC, text name; absent for UTC
//	caller  text file, int64 line, text function
//	node    tag, text key (absent inside an array), value
//	value   by the tag: nothing, a fixed-size number, a text, two texts (an error and its type), or uint32 length and nodes (an
//	        object or array)
//
// A namespace is a node without a value; the nodes after it, to the end of its level, lie in it, as with
// zap.Namespace. A tape contains no pointers.
const (
	version = 1

	levelAt = 1
	flagsAt = 2
	timeAt  = 3
	zoneAt  = timeAt + timeSize

	timeSize   = 12
	zoneFixed  = 4
	lengthSize = 4

	longText     = 0xff // in place of a length: the length follows as a uint32
	textHeadSize = 1 + lengthSize
)

// MaxSize is the largest tape, in bytes: 1 GiB.
const MaxSize = 1 << 30

// maxDepth is how deep objects and arrays may be nested on a tape. It bounds the stack that replaying a tape from outside
// needs. A marshaler that goes deeper gets an error, which is logged in place of the value.
const maxDepth = 500

const (
	flagZone = 1 << iota
	flagName
	flagCaller
	flagStack
	knownFlags = 1<<iota - 1
)

// Tag is the type of a node's value. There is one for each method of zap's ObjectEncoder, so that replay calls the method that the
// field would have called: narrow integers stay narrow, and a float32 is formatted as one.
type Tag = byte

// The tags. Each of those for plain data stands for one method of zap's ObjectEncoder.
const (
	TagInvalid Tag = iota
	TagFalse
	TagTrue // TagFalse plus one
	TagInt
	TagInt64
	TagInt32
	TagInt16
	TagInt8
	TagUint
	TagUint64
	TagUint32
	TagUint16
	TagUint8
	TagUintptr
	TagFloat64
	TagFloat32
	TagComplex128
	TagComplex64
	TagDuration
	TagTimeUTC
	TagTime
	TagString
	TagError // the text of an error whose type is not known
	TagByteString
	TagBinary
	TagJSON // a reflected value, marshalled by encoding/json
	TagNull // a reflected nil
	TagObject
	TagArray
	TagNamespace
	TagTypedError // the text of an error, and the name of its type
	TagCount
)

// fixedSize holds the size of values of fixed size, and -1 for those of variable size.
var fixedSize = [TagCount]int8{
	TagInvalid: -1,
	TagTrue:    0, TagFalse: 0, TagNull: 0, TagNamespace: 0,
	TagInt: 8, TagInt64: 8, TagInt32: 4, TagInt16: 2, TagInt8: 1,
	TagUint: 8, TagUint64: 8, TagUint32: 4, TagUint16: 2, TagUint8: 1, TagUintptr: 8,
	TagFloat64: 8, TagFloat32: 4, TagComplex128: 16, TagComplex64: 8,
	TagDuration: 8, TagTimeUTC: timeSize,
	TagTime:   -1,
	TagString: -1, TagError: -1, TagByteString: -1, TagBinary: -1, TagJSON: -1,
	TagObject: -1, TagArray: -1, TagTypedError: -1,
}

// ErrTooLong says that a record is larger than MaxSize.
var ErrTooLong = fmt.Errorf("zapcore: record is larger than %d bytes", MaxSize)

// tapeError names the byte at which a tape stops making sense.
type tapeError struct {
	at   int
	what string
}

func (e *tapeError) Error() string { return fmt.Sprintf("zapcore: record byte %d: %s", e.at, e.what) }

// Cursor walks a tape that is known to be valid: written by a Recorder, or accepted by Check. It holds the tape as a string, which
// aliases the bytes, because substrings are cheap.
type Cursor struct {
	s  string
	at int
}

// NewCursor returns a Cursor on tape, at the byte at.
func NewCursor(tape []byte, at int) Cursor {
	return Cursor{s: unsafe.String(unsafe.SliceData(tape), len(tape)), at: at}
}

// CursorIn is NewCursor on a tape that is a string.
func CursorIn(tape string, at int) Cursor { return Cursor{s: tape, at: at} }

// Position returns the tape and the position of c, for loops that keep both in registers.
func (c Cursor) Position() (tape string, at int) { return c.s, c.at }

// More reports whether there is a node left.
func (c *Cursor) More() bool { return c.at < len(c.s) }

// U8 reads an integer, as U16, U32 and U64 do, little-endian.
func (c *Cursor) U8() uint8 {
	v := c.s[c.at]
	c.at++
	return v
}

// Tag reads a tag.
func (c *Cursor) Tag() Tag { return c.U8() }

// U16 reads an integer; see U8.
func (c *Cursor) U16() uint16 {
	v := uint16(c.s[c.at]) | uint16(c.s[c.at+1])<<8
	c.at += 2
	return v
}

// U32 reads an integer; see U8.
func (c *Cursor) U32() uint32 {
	v := Load32(c.s, c.at)
	c.at += 4
	return v
}

// U64 reads an integer; see U8.
func (c *Cursor) U64() uint64 {
	v := Load64(c.s, c.at)
	c.at += 8
	return v
}

// Text returns the text at the Cursor. It aliases the tape.
func (c *Cursor) Text() (s string) {
	s, c.at = TextAt(c.s, c.at)
	return s
}

// TextAt returns the text whose length is at s[at], and where it ends.
func TextAt(s string, at int) (text string, end int) {
	n := int(s[at])
	at++
	if n == longText {
		n, at = int(Load32(s, at)), at+lengthSize
	}
	return s[at : at+n], at + n
}

// TypedError returns the text of an error and its type.
func (c *Cursor) TypedError() (text, typeName string) {
	text = c.Text()
	return text, c.Text()
}

// Bytes is Text as bytes. They alias the tape, so nobody may change them.
func (c *Cursor) Bytes() []byte {
	s := c.Text()
	return unsafe.Slice(unsafe.StringData(s), len(s))
}

// Nested returns the nodes of the object or array at the Cursor and steps over them.
func (c *Cursor) Nested() Cursor {
	n := int(c.U32())
	sub := Cursor{s: c.s[c.at : c.at+n]}
	c.at += n
	return sub
}

// Count returns how many nodes there are from c on, not counting those inside objects and arrays. The nodes must have keys.
func (c Cursor) Count() (n int) {
	for ; c.More(); n++ {
		t := c.Tag()
		c.Text()
		switch size := fixedSize[t]; {
		case size >= 0:
			c.at += int(size)
		case t == TagTime:
			c.at += timeSize + zoneFixed
			c.Text()
		case t == TagObject || t == TagArray:
			c.Nested()
		case t == TagTypedError:
			c.TypedError()
		default:
			c.Text()
		}
	}
	return n
}

// UTC reads a time without a zone.
func (c *Cursor) UTC() time.Time {
	sec := int64(c.U64())
	return time.Unix(sec, int64(c.U32())).UTC()
}

// Zoned reads a time and its zone.
func (c *Cursor) Zoned() time.Time {
	sec := int64(c.U64())
	t := time.Unix(sec, int64(c.U32()))
	offset := int(int32(c.U32()))
	return inZone(t, c.Text(), offset)
}

// Level returns the level of the record on a tape.
func Level(tape []byte) zapcore.Level { return zapcore.Level(int8(tape[levelAt])) }

// Message returns the message of the record on a tape. It aliases the tape.
func Message(tape []byte) string {
	c := NewCursor(tape, timeAt+timeSize)
	flags := tape[flagsAt]
	if flags&flagZone != 0 {
		c.at += zoneFixed
		c.Text()
	}
	if flags&flagName != 0 {
		c.Text()
	}
	return c.Text()
}

// Head sets ent, which must be empty, to the entry on a tape, and returns where the fields begin.
func Head(ent *zapcore.Entry, tape []byte) (nodesAt int) {
	c := NewCursor(tape, timeAt)
	ent.Level = zapcore.Level(int8(tape[levelAt]))
	flags := tape[flagsAt]
	if flags&flagZone != 0 {
		ent.Time = c.Zoned()
	} else {
		ent.Time = c.UTC()
	}
	if flags&flagName != 0 {
		ent.LoggerName = c.Text()
	}
	ent.Message = c.Text()
	if flags&flagCaller != 0 {
		ent.Caller.Defined = true
		ent.Caller.File = c.Text()
		ent.Caller.Line = int(c.U64())
		ent.Caller.Function = c.Text()
	}
	if flags&flagStack != 0 {
		ent.Stack = c.Text()
	}
	return c.at
}
