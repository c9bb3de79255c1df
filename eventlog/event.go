package eventlog

import (
	"encoding/binary"

	"go.uber.org/zap/zapcore"
)

// Type is the type of an event. The Event Viewer shows it as Level, or among the Keywords.
type Type uint16

// The types of Windows. The audits are for the Security log.
const (
	Error        Type = 0x01
	Warning      Type = 0x02
	Information  Type = 0x04
	AuditSuccess Type = 0x08
	AuditFailure Type = 0x10
)

// typeOf is Python's typemap.
func typeOf(l zapcore.Level) Type {
	switch {
	case l >= zapcore.ErrorLevel:
		return Error
	case l == zapcore.WarnLevel:
		return Warning
	}
	return Information
}

func (t Type) valid() bool {
	switch t {
	case Error, Warning, Information, AuditSuccess, AuditFailure:
		return true
	}
	return false
}

// event holds the arguments of ReportEvent. On its way through the Handler it is a frame, little-endian:
//
//	type  category  id   size of data  data    strings, UTF-16, each ended by a NUL
//	 2       2       4         4       size           2 a unit
type event struct {
	kind     Type
	category uint16
	id       uint32
	data     []byte
	text     []uint16 // all strings, each ended by a NUL
	starts   []int    // where in text each begins
	user     []byte   // a SID, or nil; not of the frame
}

const headerSize = 12

func appendHeader(dst []byte, kind Type, category uint16, id uint32, data []byte) []byte {
	dst = binary.LittleEndian.AppendUint16(dst, uint16(kind))
	dst = binary.LittleEndian.AppendUint16(dst, category)
	dst = binary.LittleEndian.AppendUint32(dst, id)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(data)))
	return append(dst, data...)
}

// load decodes frame into ev. It copies, because a call that hangs outlives its frame.
func (ev *event) load(frame []byte) {
	ev.kind = Type(binary.LittleEndian.Uint16(frame))
	ev.category = binary.LittleEndian.Uint16(frame[2:])
	ev.id = binary.LittleEndian.Uint32(frame[4:])
	rest := frame[headerSize:]
	size := binary.LittleEndian.Uint32(frame[8:])
	ev.data = append(ev.data[:0], rest[:size]...)
	ev.text, ev.starts = ev.text[:0], ev.starts[:0]
	begins := true
	for rest = rest[size:]; len(rest) >= 2; rest = rest[2:] {
		if begins {
			ev.starts = append(ev.starts, len(ev.text))
		}
		unit := binary.LittleEndian.Uint16(rest)
		ev.text = append(ev.text, unit)
		begins = unit == 0
	}
}
