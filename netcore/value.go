package netcore

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// clean returns s as UTF-8. Python's strings may hold lone surrogates, and Python 2's any bytes.
func clean(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\ufffd")
}

// textOf returns a text for any value: it is for keys, and for messages that are no string.
func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case text:
		return clean(*v)
	case []byte:
		return clean(string(v))
	case bool:
		if v {
			return "True"
		}
		return "False"
	case integer:
		return strconv.FormatInt(*v, 10)
	case *big.Int:
		return v.String()
	case float:
		return strconv.FormatFloat(*v, 'g', -1, 64)
	case number:
		return string(v)
	case *global:
		return clean(v.String())
	case *instance:
		return v.String()
	case *list:
		return "<list>"
	case *dict:
		return "<dict>"
	}
	return fmt.Sprint(v)
}

func (o *instance) String() string {
	if o.uuid != "" {
		return o.uuid
	}
	return clean(o.class.String())
}

// fieldOf returns v as a field of the type it has in Python.
func fieldOf(key string, v any) zapcore.Field {
	switch v := v.(type) {
	case text:
		return zap.String(key, clean(*v))
	case nil:
		return zap.Reflect(key, nil)
	case bool:
		return zap.Bool(key, v)
	case integer:
		return zap.Int64(key, *v)
	case *big.Int:
		if v.IsUint64() {
			return zap.Uint64(key, v.Uint64())
		}
		return zap.Reflect(key, json.RawMessage(v.String()))
	case number:
		return zap.Reflect(key, json.RawMessage(v))
	case float:
		return zap.Float64(key, *v)
	case complex128:
		return zap.Complex128(key, v)
	case []byte:
		return zap.Binary(key, v)
	case time.Time:
		return zap.Time(key, v)
	case time.Duration:
		return zap.Duration(key, v)
	case *list:
		return zap.Array(key, v)
	case *dict:
		return zap.Object(key, v)
	}
	return zap.String(key, textOf(v))
}

// MarshalLogObject implements zapcore.ObjectMarshaler.
func (d *dict) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	for i := 0; i < len(d.items); i += 2 {
		fieldOf(textOf(d.items[i]), d.items[i+1]).AddTo(enc)
	}
	return nil
}

// MarshalLogArray implements zapcore.ArrayMarshaler. Bytes are base64, as the JSON encoder writes binary fields.
func (l *list) MarshalLogArray(enc zapcore.ArrayEncoder) error {
	for _, v := range l.items {
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
	case integer:
		enc.AppendInt64(*v)
	case *big.Int:
		return enc.AppendReflected(json.RawMessage(v.String()))
	case number:
		return enc.AppendReflected(json.RawMessage(v))
	case float:
		enc.AppendFloat64(*v)
	case complex128:
		enc.AppendComplex128(v)
	case []byte:
		enc.AppendString(base64.StdEncoding.EncodeToString(v))
	case time.Time:
		enc.AppendTime(v)
	case time.Duration:
		enc.AppendDuration(v)
	case *list:
		return enc.AppendArray(v)
	case *dict:
		return enc.AppendObject(v)
	default:
		enc.AppendString(textOf(v))
	}
	return nil
}
