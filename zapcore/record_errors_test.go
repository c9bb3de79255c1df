package zapcore_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/multierr"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// typesOf is an encoder that notes the types of errors, beside what it encodes.
type typesOf struct {
	*zapcore.MapObjectEncoder
	types map[string]string
}

func (e typesOf) AddError(key, text, typeName string) {
	e.types[key] = typeName
	e.AddString(key, text)
}

// TestErrorsKeepTheirTypes holds that a record knows the type of each error among its fields, however it was made, and that nobody
// sees it who does not ask.
func TestErrorsKeepTheirTypes(t *testing.T) {
	fields := []zapcore.Field{
		zap.NamedError("plain", errors.New("a text that is longer than thirty-two bytes")),
		zap.NamedError("wrapped", fmt.Errorf("w: %w", io.EOF)),
		zap.NamedError("causes", multierr.Append(io.EOF, io.ErrClosedPipe)),
		zap.NamedError("none", (*absent)(nil)),
		zap.String("text", "t"),
		zap.Errors("list", []error{io.EOF}),
		zap.Dict("object", zap.NamedError("inner", io.EOF)),
	}
	want := map[string]string{"plain": "*errors.errorString", "wrapped": "*fmt.wrapError", "causes": "*multierr.multiError", "none": "*zapcore_test.absent"}
	check := func(name string, r *base.Record, want map[string]string) {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, new(base.Record).Parse(r.Bytes()))
			enc := typesOf{zapcore.NewMapObjectEncoder(), make(map[string]string)}
			require.NoError(t, r.MarshalLogObject(enc))
			assert.Equal(t, want, enc.types)

			plain, err := zapcore.NewJSONEncoder(zapcore.EncoderConfig{}).EncodeEntry(zapcore.Entry{}, fields)
			require.NoError(t, err)
			for _, enc := range []zapcore.Encoder{zapcore.NewJSONEncoder(zapcore.EncoderConfig{}), base.NewJSON(zapcore.EncoderConfig{})} {
				line, err := r.AppendEncoded(nil, enc)
				require.NoError(t, err)
				assert.Equal(t, plain.String(), string(line))
			}
			got, err := zapcore.NewJSONEncoder(zapcore.EncoderConfig{}).EncodeEntry(zapcore.Entry{}, r.AppendFields(nil))
			require.NoError(t, err)
			assert.Equal(t, plain.String(), got.String())
		})
	}
	var captured, with, again, inline base.Record
	require.NoError(t, captured.Capture(zapcore.Entry{}, base.Context{}, fields))
	check("captured", &captured, want)
	require.NoError(t, with.Capture(zapcore.Entry{}, base.Context{}.With(fields[:3]), fields[3:]))
	check("with", &with, want)
	require.NoError(t, inline.Capture(zapcore.Entry{}, base.Context{}, []zapcore.Field{zap.Inline(&captured)}))
	check("inline", &inline, want)

	require.NoError(t, again.Capture(zapcore.Entry{}, base.Context{}, captured.AppendFields(nil)))
	check("captured again", &again, want)

	plain := fields[:2]
	var texts base.Texts
	require.True(t, texts.Ask(plain))
	buf := make([]byte, 4096)
	n := base.CapturePlain(buf, &zapcore.Entry{}, &base.Context{}, plain, &texts)
	require.Positive(t, n)
	for room := range n { // too little room is no room
		require.Zero(t, base.CapturePlain(buf[:room:room], &zapcore.Entry{}, &base.Context{}, plain, &texts))
	}
	n = base.CapturePlain(buf, &zapcore.Entry{}, &base.Context{}, plain, &texts)
	var direct base.Record
	require.NoError(t, direct.Parse(buf[:n]))
	fields = plain
	check("under a lock", &direct, map[string]string{"plain": "*errors.errorString", "wrapped": "*fmt.wrapError"})
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		var texts base.Texts
		texts.Ask(plain)
		base.CapturePlain(buf, &zapcore.Entry{}, &base.Context{}, plain, &texts)
	}))
}

// absent is an error of which zap says that it is nil.
type absent struct{ text string }

func (a *absent) Error() string { return a.text }
