package netcore

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/netcore/internal/pickle"
)

// fieldOf returns v as a field of the type it has in Python.
func fieldOf(key string, v any) zapcore.Field {
	switch v := v.(type) {
	case pickle.Text:
		return zap.String(key, pickle.Clean(*v))
	case nil:
		return zap.Reflect(key, nil)
	case bool:
		return zap.Bool(key, v)
	case pickle.Int:
		return zap.Int64(key, *v)
	case *big.Int:
		if v.IsUint64() {
			return zap.Uint64(key, v.Uint64())
		}
		return zap.Reflect(key, json.RawMessage(v.String()))
	case pickle.Number:
		return zap.Reflect(key, json.RawMessage(v))
	case pickle.Float:
		return zap.Float64(key, *v)
	case complex128:
		return zap.Complex128(key, v)
	case []byte:
		return zap.Binary(key, v)
	case time.Time:
		return zap.Time(key, v)
	case time.Duration:
		return zap.Duration(key, v)
	case *pickle.List:
		return zap.Array(key, (*listItems)(v))
	case *pickle.Dict:
		return zap.Object(key, (*dictFields)(v))
	}
	return zap.String(key, pickle.String(v))
}

// dictFields is a dict as zap's object, listItems a list as zap's array.
type (
	dictFields pickle.Dict
	listItems  pickle.List
)

// MarshalLogObject implements zapcore.ObjectMarshaler.
func (d *dictFields) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	for i := 0; i < len(d.Items); i += 2 {
		fieldOf(pickle.String(d.Items[i]), d.Items[i+1]).AddTo(enc)
	}
	return nil
}

// MarshalLogArray implements zapcore.ArrayMarshaler. Bytes are base64, as the JSON encoder writes binary fields.
func (l *listItems) MarshalLogArray(enc zapcore.ArrayEncoder) error {
	for _, v := range l.Items {
		if err := appendValue(enc, v); err != nil {
			return err
		}
	}
	return nil
}

func appendValue(enc zapcore.ArrayEncoder, v any) error {
	switch v := v.(type) {
	case nil:
		return enc.AppendReflected(nil)
	case bool:
		enc.AppendBool(v)
	case pickle.Int:
		enc.AppendInt64(*v)
	case *big.Int:
		return enc.AppendReflected(json.RawMessage(v.String()))
	case pickle.Number:
		return enc.AppendReflected(json.RawMessage(v))
	case pickle.Float:
		enc.AppendFloat64(*v)
	case complex128:
		enc.AppendComplex128(v)
	case []byte:
		enc.AppendString(base64.StdEncoding.EncodeToString(v))
	case time.Time:
		enc.AppendTime(v)
	case time.Duration:
		enc.AppendDuration(v)
	case *pickle.List:
		return enc.AppendArray((*listItems)(v))
	case *pickle.Dict:
		return enc.AppendObject((*dictFields)(v))
	default:
		enc.AppendString(pickle.String(v))
	}
	return nil
}
