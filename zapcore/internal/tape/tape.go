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
//	value   nothing, a fixed-size number, a text, for an error two (what it says, its type), or for an object or array: uint32
//	        length, nodes
//
// A namespace is a node without a value; the nodes after it, to the end of its level, lie in it, as zap's
// Field of that name says. Nothing on a tape points outside it.
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

// maxDepth is how deep objects and arrays may be nested on a tape. It bounds the goroutine's stack for replay of what came
// from outside; a marshaler that goes deeper gets an error, which is logged in place of the value.
const maxDepth = 500

const (
	flagZone = 1 << iota
	flagName
	flagCaller
	flagStack
	knownFlags = 1<<iota - 1
)

// Tag says what a node carries. One tag per method of zap's ObjectEncoder, so that replay calls just the method that the
// field would have called: narrow integers stay narrow, a float32 prints by 32-bit rules.
type Tag = byte

// The tags. Those of plain data stand for one method of zap's ObjectEncoder each.
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
	TagError // a string that was an error's text, of a type that is not known
	TagByteString
	TagBinary
	TagJSON // a reflected value, marshalled by encoding/json
	TagNull // a reflected nil
	TagObject
	TagArray
	TagNamespace
	TagTypedError // as TagError, and the name of its type
	TagCount
)

// fixedSize holds the size of the values that have one; the others start with their length.
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

// ErrTooLong is what a record gets that is larger than MaxSize.
var ErrTooLong = fmt.Errorf("zapcore: record is larger than %d bytes", MaxSize)

// tapeError names the byte at which a tape stops making sense.
type tapeError struct {
	at   int
	what string
}

func (e *tapeError) Error() string { return fmt.Sprintf("zapcore: record byte %d: %s", e.at, e.what) }

// Cursor walks a tape that is known to be right: made by Capture, or accepted by Parse. The tape is a string because a part
// of a string is cheap to take; it aliases the bytes.
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

// Position returns the tape and where on it c is, for who walks it with both in registers.
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

// TextAt returns the text of which the length is at s[at], and where it ends.
func TextAt(s string, at int) (text string, end int) {
	n := int(s[at])
	at++
	if n == longText {
		n, at = int(Load32(s, at)), at+lengthSize
	}
	return s[at : at+n], at + n
}

// TypedError returns what an error says and its type.
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

// Count returns how many nodes there are from c on, those inside objects and arrays left out. They have keys.
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
