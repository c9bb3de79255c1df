package zapcore

import (
	"encoding/json"
	"math"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"
)

// replay adds the nodes of one level to enc, each by the method the field itself would have called. Strings and byte slices
// alias the tape: enc must copy what it keeps, as every encoder that makes bytes does.
//
// The types that most fields have are done here, with the position in a register: that is a tenth of the time of a replay.
func (c cursor) replay(enc zapcore.ObjectEncoder) {
	s, at := c.s, c.at
	for at < len(s) {
		var key string
		t := s[at]
		key, at = textAt(s, at+1)
		switch t {
		case tagString, tagError:
			var value string
			value, at = textAt(s, at)
			enc.AddString(key, value)
		case tagInt64:
			enc.AddInt64(key, int64(load64(s, at)))
			at += 8
		case tagDuration:
			enc.AddDuration(key, time.Duration(load64(s, at)))
			at += 8
		case tagFloat64:
			enc.AddFloat64(key, math.Float64frombits(load64(s, at)))
			at += 8
		case tagTrue:
			enc.AddBool(key, true)
		case tagFalse:
			enc.AddBool(key, false)
		default:
			rare := cursor{s: s, at: at}
			at = rare.replayValue(t, key, enc)
		}
	}
}

// replayValue adds the value of the node whose tag and key were just read, and returns where it ends.
func (c *cursor) replayValue(t tag, key string, enc zapcore.ObjectEncoder) (end int) {
	switch t {
	case tagInt:
		enc.AddInt(key, int(c.u64()))
	case tagTimeUTC:
		enc.AddTime(key, c.utc())
	case tagTime:
		enc.AddTime(key, c.zoned())
	case tagInt32:
		enc.AddInt32(key, int32(c.u32()))
	case tagInt16:
		enc.AddInt16(key, int16(c.u16()))
	case tagInt8:
		enc.AddInt8(key, int8(c.u8()))
	case tagUint:
		enc.AddUint(key, uint(c.u64()))
	case tagUint64:
		enc.AddUint64(key, c.u64())
	case tagUint32:
		enc.AddUint32(key, c.u32())
	case tagUint16:
		enc.AddUint16(key, c.u16())
	case tagUint8:
		enc.AddUint8(key, c.u8())
	case tagUintptr:
		enc.AddUintptr(key, uintptr(c.u64()))
	case tagFloat32:
		enc.AddFloat32(key, math.Float32frombits(c.u32()))
	case tagComplex128:
		enc.AddComplex128(key, c.complex128())
	case tagComplex64:
		enc.AddComplex64(key, c.complex64())
	case tagByteString:
		enc.AddByteString(key, c.bytes())
	case tagBinary:
		enc.AddBinary(key, c.bytes())
	case tagNull:
		_ = enc.AddReflected(key, nil)
	case tagJSON:
		replayError(enc, key, enc.AddReflected(key, json.RawMessage(c.bytes())))
	case tagObject:
		n := getNodes(c.nested())
		replayError(enc, key, enc.AddObject(key, n))
		nodesPool.Put(n)
	case tagArray:
		n := getNodes(c.nested())
		replayError(enc, key, enc.AddArray(key, n))
		nodesPool.Put(n)
	case tagNamespace:
		enc.OpenNamespace(key)
	}
	return c.at
}

// replayError says why a value could not be encoded, as zapcore.Field.AddTo does.
func replayError(enc zapcore.ObjectEncoder, key string, err error) {
	if err != nil {
		enc.AddString(key+"Error", err.Error())
	}
}

// replayElements appends the nodes of an array to enc.
func (c cursor) replayElements(enc zapcore.ArrayEncoder) error {
	for c.more() {
		var err error
		switch c.tag() {
		case tagString, tagError:
			enc.AppendString(c.text())
		case tagInt64:
			enc.AppendInt64(int64(c.u64()))
		case tagInt:
			enc.AppendInt(int(c.u64()))
		case tagDuration:
			enc.AppendDuration(time.Duration(c.u64()))
		case tagTrue:
			enc.AppendBool(true)
		case tagFalse:
			enc.AppendBool(false)
		case tagFloat64:
			enc.AppendFloat64(math.Float64frombits(c.u64()))
		case tagTimeUTC:
			enc.AppendTime(c.utc())
		case tagTime:
			enc.AppendTime(c.zoned())
		case tagInt32:
			enc.AppendInt32(int32(c.u32()))
		case tagInt16:
			enc.AppendInt16(int16(c.u16()))
		case tagInt8:
			enc.AppendInt8(int8(c.u8()))
		case tagUint:
			enc.AppendUint(uint(c.u64()))
		case tagUint64:
			enc.AppendUint64(c.u64())
		case tagUint32:
			enc.AppendUint32(c.u32())
		case tagUint16:
			enc.AppendUint16(c.u16())
		case tagUint8:
			enc.AppendUint8(c.u8())
		case tagUintptr:
			enc.AppendUintptr(uintptr(c.u64()))
		case tagFloat32:
			enc.AppendFloat32(math.Float32frombits(c.u32()))
		case tagComplex128:
			enc.AppendComplex128(c.complex128())
		case tagComplex64:
			enc.AppendComplex64(c.complex64())
		case tagByteString:
			enc.AppendByteString(c.bytes())
		case tagNull:
			err = enc.AppendReflected(nil)
		case tagJSON:
			err = enc.AppendReflected(json.RawMessage(c.bytes()))
		case tagObject:
			n := getNodes(c.nested())
			err = enc.AppendObject(n)
			nodesPool.Put(n)
		case tagArray:
			n := getNodes(c.nested())
			err = enc.AppendArray(n)
			nodesPool.Put(n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *cursor) complex128() complex128 {
	re := math.Float64frombits(c.u64())
	return complex(re, math.Float64frombits(c.u64()))
}

func (c *cursor) complex64() complex64 {
	re := math.Float32frombits(c.u32())
	return complex(re, math.Float32frombits(c.u32()))
}

// nodes is one level of a tape as zap's marshalers: of an object if the tape said object there, else of an array.
type nodes struct{ cursor }

func (n *nodes) MarshalLogObject(enc zapcore.ObjectEncoder) error { n.replay(enc); return nil }
func (n *nodes) MarshalLogArray(enc zapcore.ArrayEncoder) error   { return n.replayElements(enc) }

// nodesPool spares replay an allocation for each object and array: an encoder is done with a marshaler when it returns.
var nodesPool = sync.Pool{New: func() any { return new(nodes) }}

func getNodes(c cursor) *nodes {
	n := nodesPool.Get().(*nodes)
	n.cursor = c
	return n
}

// recordedError is an error of which the text was recorded, for cores that look for fields of ErrorType.
type recordedError string

func (e recordedError) Error() string { return string(e) }

// field returns the node at the cursor as a Field: the same Field that the caller gave where that is plain data, else one
// that encodes to the same bytes.
func (c *cursor) field() zapcore.Field {
	t := c.tag()
	f := zapcore.Field{Key: c.text()}
	switch t {
	case tagString:
		f.Type, f.String = zapcore.StringType, c.text()
	case tagError:
		f.Type, f.Interface = zapcore.ErrorType, recordedError(c.text())
	case tagInt, tagInt64:
		f.Type, f.Integer = zapcore.Int64Type, int64(c.u64())
	case tagInt32:
		f.Type, f.Integer = zapcore.Int32Type, int64(int32(c.u32()))
	case tagInt16:
		f.Type, f.Integer = zapcore.Int16Type, int64(int16(c.u16()))
	case tagInt8:
		f.Type, f.Integer = zapcore.Int8Type, int64(int8(c.u8()))
	case tagUint, tagUint64:
		f.Type, f.Integer = zapcore.Uint64Type, int64(c.u64())
	case tagUint32:
		f.Type, f.Integer = zapcore.Uint32Type, int64(c.u32())
	case tagUint16:
		f.Type, f.Integer = zapcore.Uint16Type, int64(c.u16())
	case tagUint8:
		f.Type, f.Integer = zapcore.Uint8Type, int64(c.u8())
	case tagUintptr:
		f.Type, f.Integer = zapcore.UintptrType, int64(c.u64())
	case tagTrue:
		f.Type, f.Integer = zapcore.BoolType, 1
	case tagFalse:
		f.Type = zapcore.BoolType
	case tagDuration:
		f.Type, f.Integer = zapcore.DurationType, int64(c.u64())
	case tagFloat64:
		f.Type, f.Integer = zapcore.Float64Type, int64(c.u64())
	case tagFloat32:
		f.Type, f.Integer = zapcore.Float32Type, int64(c.u32())
	case tagComplex128:
		f.Type, f.Interface = zapcore.Complex128Type, c.complex128()
	case tagComplex64:
		f.Type, f.Interface = zapcore.Complex64Type, c.complex64()
	case tagTimeUTC:
		setTime(&f, c.utc())
	case tagTime:
		setTime(&f, c.zoned())
	case tagByteString:
		f.Type, f.Interface = zapcore.ByteStringType, c.bytes()
	case tagBinary:
		f.Type, f.Interface = zapcore.BinaryType, c.bytes()
	case tagNull:
		f.Type = zapcore.ReflectType
	case tagJSON:
		f.Type, f.Interface = zapcore.ReflectType, json.RawMessage(c.bytes())
	case tagObject:
		f.Type, f.Interface = zapcore.ObjectMarshalerType, &nodes{c.nested()}
	case tagArray:
		f.Type, f.Interface = zapcore.ArrayMarshalerType, &nodes{c.nested()}
	case tagNamespace:
		f.Type = zapcore.NamespaceType
	}
	return f
}

var (
	minUnixNano = time.Unix(0, math.MinInt64)
	maxUnixNano = time.Unix(0, math.MaxInt64)
)

// setTime does what zap.Time does.
func setTime(f *zapcore.Field, t time.Time) {
	if t.Before(minUnixNano) || t.After(maxUnixNano) {
		f.Type, f.Interface = zapcore.TimeFullType, t
		return
	}
	f.Type, f.Integer, f.Interface = zapcore.TimeType, t.UnixNano(), t.Location()
}
