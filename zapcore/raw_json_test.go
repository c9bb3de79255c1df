package zapcore_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest"

	base "example.com/zaphandlers/zapcore"
)

// rawFields are fields that hold JSON: as zap makes them by this toolchain, and as it makes them by one that gives
// json.RawMessage a String method. Each is {"a":1} under the key "k".
func rawFields() map[string]zapcore.Field {
	raw := json.RawMessage(`{"a":1}`)
	stringer := zapcore.Field{Key: "k", Type: zapcore.StringerType, Interface: raw}
	pointer := zapcore.Field{Key: "k", Type: zapcore.StringerType, Interface: &raw}
	return map[string]zapcore.Field{
		"zap.Any":               zap.Any("k", raw),
		"zap.Any, a pointer":    zap.Any("k", &raw),
		"a Stringer":            stringer,
		"a Stringer, a pointer": pointer,
		"reflected":             zap.Reflect("k", raw),
		"in a dict":             zap.Inline(zap.DictObject(zap.Any("k", raw))),
		"in a dict, a Stringer": zap.Inline(zap.DictObject(stringer)),
		"in a dict in a dict":   zap.Inline(zap.DictObject(zap.Inline(zap.DictObject(pointer)))),
	}
}

// A user's JSON stays what it is when the toolchain changes, whichever way it takes.
func TestRawJSONIsNoString(t *testing.T) {
	const want = `{"k":{"a":1}}` + "\n"
	ours, zaps := base.NewJSON(zapcore.EncoderConfig{}), zapcore.NewJSONEncoder(zapcore.EncoderConfig{})
	for name, field := range rawFields() {
		t.Run(name, func(t *testing.T) {
			fields := []zapcore.Field{field}
			assert.Equal(t, want, encode(t, ours, zapcore.Entry{}, nil, fields), "NewJSON")

			var r base.Record
			require.NoError(t, r.Capture(zapcore.Entry{}, base.Context{}, fields))
			buf, err := r.Encode(zaps)
			require.NoError(t, err)
			assert.Equal(t, want, buf.String(), "a tape")
			assert.Equal(t, want, encode(t, zaps, zapcore.Entry{}, nil, r.AppendFields(nil)), "the fields of a tape")

			require.NoError(t, r.Capture(zapcore.Entry{}, base.Context{}.With(fields), nil))
			buf, err = r.Encode(ours)
			require.NoError(t, err)
			assert.Equal(t, want, buf.String(), "a context")

			for encoderName, enc := range map[string]zapcore.Encoder{"ours": ours, "zap's": zaps} {
				var out zaptest.Buffer
				core := base.FromWriter(enc, &out, nil)
				require.NoError(t, core.Write(zapcore.Entry{}, fields))
				require.NoError(t, core.With(fields).Write(zapcore.Entry{}, nil))
				assert.Equal(t, want+want, out.String(), "a Handler with %s encoder", encoderName)
			}
			assert.Equal(t, field, fields[0], "the caller's fields are not changed")
		})
	}
}
