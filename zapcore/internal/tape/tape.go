package zapcore

import (
	"fmt"
	"time"
	"unsafe"
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
//	value   nothing, a fixed-size number, a text, or for an object or array: uint32 length, nodes
//
// A namespace is a node without a value; the nodes after it, to the end of its level, lie in it, as zap's
// Field of that name says. Nothing on a tape points outside it.
const (
	tapeVersion = 1

	tapeLevelAt = 1
	tapeFlagsAt = 2
	tapeTimeAt  = 3
	tapeZoneAt  = tapeTimeAt + timeSize

	timeSize   = 12
	zoneFixed  = 4
	lengthSize = 4

	longText     = 0xff // in place of a length: the length follows as a uint32
	textHeadSize = 1 + lengthSize
)

// MaxRecordSize is the largest tape, in bytes: 1 GiB. A record that would be larger is refused by Capture and by Parse.
const MaxRecordSize = 1 << 30

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

// tag says what a node carries. One tag per method of zap's ObjectEncoder, so that replay calls just the method that the
// field would have called: narrow integers stay narrow, a float32 prints by 32-bit rules.
type tag = byte

const (
	tagInvalid tag = iota
	tagFalse
	tagTrue // tagFalse plus one
	tagInt
	tagInt64
	tagInt32
	tagInt16
	tagInt8
	tagUint
	tagUint64
	tagUint32
	tagUint16
	tagUint8
	tagUintptr
	tagFloat64
	tagFloat32
	tagComplex128
	tagComplex64
	tagDuration
	tagTimeUTC
	tagTime
	tagString
	tagError // a string that was an error's text
	tagByteString
	tagBinary
	tagJSON // a reflected value, marshalled by encoding/json
	tagNull // a reflected nil
	tagObject
	tagArray
	tagNamespace
	tagCount
)

// fixedSize holds the size of the values that have one; the others start with their length.
var fixedSize = [tagCount]int8{
	tagInvalid: -1,
	tagTrue:    0, tagFalse: 0, tagNull: 0, tagNamespace: 0,
	tagInt: 8, tagInt64: 8, tagInt32: 4, tagInt16: 2, tagInt8: 1,
	tagUint: 8, tagUint64: 8, tagUint32: 4, tagUint16: 2, tagUint8: 1, tagUintptr: 8,
	tagFloat64: 8, tagFloat32: 4, tagComplex128: 16, tagComplex64: 8,
	tagDuration: 8, tagTimeUTC: timeSize,
	tagTime:   -1,
	tagString: -1, tagError: -1, tagByteString: -1, tagBinary: -1, tagJSON: -1,
	tagObject: -1, tagArray: -1,
}

var (
	errTapeLong = fmt.Errorf("zapcore: record is larger than %d bytes", MaxRecordSize)
)

// tapeError names the byte at which a tape stops making sense.
type tapeError struct {
	at   int
	what string
}

func (e *tapeError) Error() string { return fmt.Sprintf("zapcore: record byte %d: %s", e.at, e.what) }

// cursor walks a tape that is known to be right: made by Capture, or accepted by Parse. The tape is a string because a part
// of a string is cheap to take; it aliases the bytes.
type cursor struct {
	s  string
	at int
}

func cursorAt(tape []byte, at int) cursor {
	return cursor{s: unsafe.String(unsafe.SliceData(tape), len(tape)), at: at}
}

func (c *cursor) more() bool { return c.at < len(c.s) }

func (c *cursor) u8() uint8 {
	v := c.s[c.at]
	c.at++
	return v
}

func (c *cursor) tag() tag { return c.u8() }

func (c *cursor) u16() uint16 {
	v := uint16(c.s[c.at]) | uint16(c.s[c.at+1])<<8
	c.at += 2
	return v
}

func (c *cursor) u32() uint32 {
	v := load32(c.s, c.at)
	c.at += 4
	return v
}

func (c *cursor) u64() uint64 {
	v := load64(c.s, c.at)
	c.at += 8
	return v
}

// text returns the text at the cursor. It aliases the tape.
func (c *cursor) text() (s string) {
	s, c.at = textAt(c.s, c.at)
	return s
}

// textAt returns the text of which the length is at s[at], and where it ends.
func textAt(s string, at int) (text string, end int) {
	n := int(s[at])
	at++
	if n == longText {
		n, at = int(load32(s, at)), at+lengthSize
	}
	return s[at : at+n], at + n
}

// bytes is text as bytes. They alias the tape, so nobody may change them.
func (c *cursor) bytes() []byte {
	s := c.text()
	return unsafe.Slice(unsafe.StringData(s), len(s))
}

// nested returns the nodes of the object or array at the cursor and steps over them.
func (c *cursor) nested() cursor {
	n := int(c.u32())
	sub := cursor{s: c.s[c.at : c.at+n]}
	c.at += n
	return sub
}

// count returns how many nodes there are from c on, those inside objects and arrays left out. They have keys.
func (c cursor) count() (n int) {
	for ; c.more(); n++ {
		t := c.tag()
		c.text()
		switch size := fixedSize[t]; {
		case size >= 0:
			c.at += int(size)
		case t == tagTime:
			c.at += timeSize + zoneFixed
			c.text()
		case t == tagObject || t == tagArray:
			c.nested()
		default:
			c.text()
		}
	}
	return n
}

// utc reads a time without a zone.
func (c *cursor) utc() time.Time {
	sec := int64(c.u64())
	return time.Unix(sec, int64(c.u32())).UTC()
}

// zoned reads a time and its zone.
func (c *cursor) zoned() time.Time {
	sec := int64(c.u64())
	t := time.Unix(sec, int64(c.u32()))
	offset := int(int32(c.u32()))
	return inZone(t, c.text(), offset)
}
