package arena

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// TestCaptureIsPutWithoutTheCopy writes the same records both ways, over several blocks, and reads the same from both.
func TestCaptureIsPutWithoutTheCopy(t *testing.T) {
	const records = 2000
	context := base.Context{}.With([]zapcore.Field{zap.Int("worker", 3)})
	put, captured := New(1<<20, 1), New(1<<20, 1)
	inPlace := 0
	for i := range records {
		ent := zapcore.Entry{Level: zapcore.InfoLevel, Message: strings.Repeat("m", i%200)}
		if i%7 == 0 {
			ent.Level = zapcore.ErrorLevel
		}
		fields := []zapcore.Field{zap.Int("i", i), zap.String("text", strings.Repeat("x", i%50))}
		if i%3 == 0 {
			fields = append(fields, zap.Error(errors.New("refused")), zap.Skip(), zap.Strings("tags", []string{"a", "b"}))
		}
		var texts base.Texts
		require.True(t, texts.Ask(fields))
		var r base.Record
		require.NoError(t, r.Capture(ent, context, fields))
		put.Put(ent.Level, r.Bytes())
		if captured.Capture(&ent, &context, fields, &texts) {
			inPlace++
		} else { // at the end of a block
			captured.Put(ent.Level, r.Bytes())
		}
		require.Equal(t, put.Used(), captured.Used())
		require.Equal(t, put.Next(), captured.Next())
		require.Equal(t, put.Pending(), captured.Pending())
	}
	require.Greater(t, inPlace, records*9/10)
	require.Equal(t, put.Stats(), captured.Stats())

	want, got := put.Reader(0), captured.Reader(0)
	for n := 0; n < records; {
		require.True(t, want.Claim(1<<20))
		require.True(t, got.Claim(1<<20))
		for {
			tape, level, ok := want.Next()
			if !ok {
				break
			}
			gotTape, gotLevel, ok := got.Next()
			require.True(t, ok)
			require.Equal(t, tape, gotTape)
			require.Equal(t, level, gotLevel)
			n++
		}
		want.Resolve(want.Len())
		got.Resolve(got.Len())
	}
	require.Equal(t, put.Stats(), captured.Stats())
}

func TestCaptureThatCannot(t *testing.T) {
	ent, context := zapcore.Entry{Message: "text"}, base.Context{}
	empty := func(a *Arena) {
		t.Helper()
		require.Zero(t, a.Used())
		require.Zero(t, a.Next())
		require.Zero(t, a.Stats())
	}
	a := New(64<<10, 1)
	var texts base.Texts
	require.False(t, a.Capture(&ent, &context, []zapcore.Field{zap.Int("n", 1), zap.Error(errors.New("not asked"))}, &texts))
	empty(a)
	require.False(t, a.Capture(&ent, &context, []zapcore.Field{zap.Int("n", 1), zap.Any("k", struct{}{})}, &texts), "reflection")
	empty(a)
	require.False(t, a.Capture(&ent, &context, []zapcore.Field{zap.String("k", strings.Repeat("x", 128<<10))}, &texts), "no room in a block")
	empty(a)
	full := New(64<<10, 1)
	full.Reserve(full.Limit())
	require.False(t, full.Capture(&ent, &context, nil, &texts), "no room in the arena")
	require.Equal(t, full.Limit(), full.Used())
	require.Zero(t, full.Stats())
}
