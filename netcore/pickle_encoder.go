package netcore

import (
	"time"

	"go.uber.org/zap/zapcore"
)

// The methods of zapcore.ObjectEncoder.

// AddString notes what the field of zap.Error says: it goes into exc_text too.
func (p *pickler) AddString(key, v string) {
	p.key(key)
	p.text(v)
	if p.top && p.opened == 0 && key == "error" {
		p.failure = v
	}
}

func (p *pickler) AddObject(key string, m zapcore.ObjectMarshaler) error {
	p.key(key)
	return p.object(m)
}

func (p *pickler) AddArray(key string, m zapcore.ArrayMarshaler) error {
	p.key(key)
	return p.array(m)
}

// AddReflected leaves nothing behind where it fails.
func (p *pickler) AddReflected(key string, v any) error {
	start := len(p.b)
	p.key(key)
	err := p.reflected(v)
	if err != nil {
		p.b = p.b[:start]
	}
	return err
}

func (p *pickler) AddBinary(key string, v []byte)          { p.key(key); p.bytes(v) }
func (p *pickler) AddByteString(key string, v []byte)      { p.key(key); p.text(string(v)) }
func (p *pickler) AddBool(key string, v bool)              { p.key(key); p.bool(v) }
func (p *pickler) AddTime(key string, v time.Time)         { p.key(key); p.time(v) }
func (p *pickler) AddDuration(key string, v time.Duration) { p.key(key); p.duration(v) }
func (p *pickler) AddComplex128(key string, v complex128)  { p.key(key); p.complex(v) }
func (p *pickler) AddComplex64(key string, v complex64)    { p.key(key); p.complex(complex128(v)) }
func (p *pickler) AddFloat64(key string, v float64)        { p.key(key); p.float(v) }
func (p *pickler) AddFloat32(key string, v float32)        { p.key(key); p.float(float64(v)) }
func (p *pickler) AddInt(key string, v int)                { p.key(key); p.int(int64(v)) }
func (p *pickler) AddInt64(key string, v int64)            { p.key(key); p.int(v) }
func (p *pickler) AddInt32(key string, v int32)            { p.key(key); p.int(int64(v)) }
func (p *pickler) AddInt16(key string, v int16)            { p.key(key); p.int(int64(v)) }
func (p *pickler) AddInt8(key string, v int8)              { p.key(key); p.int(int64(v)) }
func (p *pickler) AddUint(key string, v uint)              { p.key(key); p.uint(uint64(v)) }
func (p *pickler) AddUint64(key string, v uint64)          { p.key(key); p.uint(v) }
func (p *pickler) AddUint32(key string, v uint32)          { p.key(key); p.uint(uint64(v)) }
func (p *pickler) AddUint16(key string, v uint16)          { p.key(key); p.uint(uint64(v)) }
func (p *pickler) AddUint8(key string, v uint8)            { p.key(key); p.uint(uint64(v)) }
func (p *pickler) AddUintptr(key string, v uintptr)        { p.key(key); p.uint(uint64(v)) }

// The methods of zapcore.ArrayEncoder.

func (p *pickler) AppendObject(m zapcore.ObjectMarshaler) error { return p.object(m) }
func (p *pickler) AppendArray(m zapcore.ArrayMarshaler) error   { return p.array(m) }
func (p *pickler) AppendReflected(v any) error                  { return p.reflected(v) }
func (p *pickler) AppendString(v string)                        { p.text(v) }
func (p *pickler) AppendByteString(v []byte)                    { p.text(string(v)) }
func (p *pickler) AppendBool(v bool)                            { p.bool(v) }
func (p *pickler) AppendTime(v time.Time)                       { p.time(v) }
func (p *pickler) AppendDuration(v time.Duration)               { p.duration(v) }
func (p *pickler) AppendComplex128(v complex128)                { p.complex(v) }
func (p *pickler) AppendComplex64(v complex64)                  { p.complex(complex128(v)) }
func (p *pickler) AppendFloat64(v float64)                      { p.float(v) }
func (p *pickler) AppendFloat32(v float32)                      { p.float(float64(v)) }
func (p *pickler) AppendInt(v int)                              { p.int(int64(v)) }
func (p *pickler) AppendInt64(v int64)                          { p.int(v) }
func (p *pickler) AppendInt32(v int32)                          { p.int(int64(v)) }
func (p *pickler) AppendInt16(v int16)                          { p.int(int64(v)) }
func (p *pickler) AppendInt8(v int8)                            { p.int(int64(v)) }
func (p *pickler) AppendUint(v uint)                            { p.uint(uint64(v)) }
func (p *pickler) AppendUint64(v uint64)                        { p.uint(v) }
func (p *pickler) AppendUint32(v uint32)                        { p.uint(uint64(v)) }
func (p *pickler) AppendUint16(v uint16)                        { p.uint(uint64(v)) }
func (p *pickler) AppendUint8(v uint8)                          { p.uint(uint64(v)) }
func (p *pickler) AppendUintptr(v uintptr)                      { p.uint(uint64(v)) }
