package zapcore_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// recovering is a marshaler that makes an error of a panic within.
type recovering struct {
	within func(enc zapcore.ObjectEncoder)
}

func (r recovering) MarshalLogObject(enc zapcore.ObjectEncoder) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("recovered")
		}
	}()
	r.within(enc)
	return nil
}

// What a marshaler does with its encoder that zap's JSON encoder makes no JSON of is a record all the same, on a tape and on a line: all
// that it added is there, and the fields beside it are as they were.
func TestMarshalersThatBreakTheRules(t *testing.T) {
	object := zap.Object("k", panicMarshaler{})
	array := zap.Array("k", panicMarshaler{})
	tests := map[string]struct {
		field zapcore.Field
		want  string
	}{
		"an object that panics, within one that recovers": {
			zap.Object("o", recovering{func(enc zapcore.ObjectEncoder) { object.AddTo(enc) }}), `"o":{"k":{"before":"x"}},"oError":"recovered"`,
		},
		"a list that panics, within an object that recovers": {
			zap.Object("o", recovering{func(enc zapcore.ObjectEncoder) { array.AddTo(enc) }}), `"o":{"k":["before"]},"oError":"recovered"`,
		},
		"a list that panics, inline": {
			zap.Inline(recovering{func(enc zapcore.ObjectEncoder) { array.AddTo(enc) }}), `"k":["before"],"Error":"recovered"`,
		},
		"elements in an object": {
			zap.Object("o", recovering{func(enc zapcore.ObjectEncoder) {
				everyPrimitive(enc.(zapcore.PrimitiveArrayEncoder))
			}}), `"o":{"":true,"":false,"":"s\ufffd","":"1+2i","":"1-2i","":0.1,"":0.1,"":-1,"":-2,"":-3,"":-4,"":-5,"":"s\n","":1,"":2,"":3,"":4,"":5,"":6}`,
		},
		"members in a list": {
			zap.Array("o", zapcore.ArrayMarshalerFunc(func(enc zapcore.ArrayEncoder) error {
				return everyMethod{}.MarshalLogObject(enc.(zapcore.ObjectEncoder))
			})), `"o":["binary","Yg==","bytes","s","bool",true,"c128","1+2i","c64","1-2i","duration",60000000000,"f64",0.1,"f32",0.1,"int",-1,"i64",-2,` +
				`"i32",-3,"i16",-4,"i8",-5,"string","s","time",1767322985000000006,"utc",1767323045000000006,"uint",1,"u64",2,"u32",3,"u16",4,"u8",5,` +
				`"uptr",6,"nil",null,"reflected",{"a":1},"array",[true,false,"s\ufffd","1+2i","1-2i",0.1,0.1,-1,-2,-3,-4,-5,"s\n",1,2,3,4,5,6,60000000000,` +
				`1767322985000000006,1767323045000000006,null,[1],["inner"]],"namespace","inside","x"]`,
		},
		"elements in an object in a list, and after it": {
			zap.Array("o", zapcore.ArrayMarshalerFunc(func(enc zapcore.ArrayEncoder) error {
				err := enc.AppendObject(zapcore.ObjectMarshalerFunc(func(enc zapcore.ObjectEncoder) error {
					enc.(zapcore.ArrayEncoder).AppendDuration(1)
					return enc.(zapcore.ArrayEncoder).AppendArray(failing{})
				}))
				enc.AppendString(err.Error())
				return nil
			})), `"o":[{"":1,"":["before"]},"marshaler failed"]`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			fields := []zapcore.Field{zap.Int("first", 1), test.field, zap.Strings("last", []string{"a"})}
			want := `{"first":1,` + test.want + `,"last":["a"]}`
			cfg := zapcore.EncoderConfig{SkipLineEnding: true}
			got := encode(t, base.NewJSON(cfg), zapcore.Entry{}, nil, fields)
			require.True(t, json.Valid([]byte(got)), got)
			require.Equal(t, want, got)
			require.Equal(t, want, encode(t, base.NewJSON(cfg), zapcore.Entry{}, fields[:2], fields[2:]))
			r := recorded(t, zapcore.Entry{}, nil, fields)
			require.Equal(t, want, encode(t, zapcore.NewJSONEncoder(cfg), zapcore.Entry{}, nil, r.AppendFields(nil)))
			require.Equal(t, want, encode(t, base.NewJSON(cfg), zapcore.Entry{}, nil, r.AppendFields(nil)))
		})
	}
}
