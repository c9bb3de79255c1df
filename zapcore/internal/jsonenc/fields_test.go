package jsonenc

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/zapcore/internal/tape"
)

// Whatever room there is behind what a line is appended to, it comes out the same, and nothing is written beyond.
func TestFieldsStayInTheirRoom(t *testing.T) {
	var fields []zapcore.Field
	for n := range 20 {
		key := strings.Repeat("k", n)
		fields = append(fields, zap.String(key, strings.Repeat("v", 20-n)), zap.String("escaped", strings.Repeat("\n", n)),
			zap.Int64(key, -1<<63>>(3*n)), zap.Bool(key, n%2 == 0), zap.Float64(key, 0.123456789), zap.Duration(key, time.Duration(n)))
	}
	fields = append(fields, zap.Error(errors.New("text")), zap.Time("t", time.Unix(1795422672, 131415161)), zap.Strings("s", []string{"a", "", "b\n"}),
		zap.Time("t", time.Unix(1795422672, 131415000)), zap.Time("t", time.Unix(1795422672, 131400000)))
	cfg := NewConfig(zap.NewProductionEncoderConfig())
	ent := &zapcore.Entry{Message: "message", Time: time.Unix(1795422672, 5e8), Caller: zapcore.EntryCaller{Defined: true, File: "a/b/c.go", Line: 7}, Stack: "stack"}
	var w Writer
	_, with, err := w.Fields(nil, cfg, Members{}, fields[:30])
	require.NoError(t, err)
	want, err := w.Entry([]byte("#"), cfg, ent, with, fields)
	require.NoError(t, err)
	memory := bytes.Repeat([]byte("#"), len(want)+100)
	for room := range len(want) + 50 {
		got, err := w.Entry(memory[:1:1+room], cfg, ent, with, fields)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
		require.Equal(t, len(memory)-1-room, bytes.Count(memory[1+room:], []byte("#")), "beyond %d bytes", room)
		copy(memory, bytes.Repeat([]byte("#"), len(memory)))
	}
}

// Members of a tape and members of fields are the same.
func TestMembers(t *testing.T) {
	fields := []zapcore.Field{zap.Int("a", 1), zap.Namespace("n"), zap.Error(errors.New("e")), zap.Namespace("m")}
	var r tape.Recorder
	r.Fields(fields, nil)
	var w Writer
	cfg := NewConfig(zapcore.EncoderConfig{})
	_, ofFields, err := w.Fields(nil, cfg, Members{}, fields)
	require.NoError(t, err)
	_, ofNodes := w.Nodes(nil, cfg, Members{}, tape.NewCursor(r.Bytes(), 0))
	require.Equal(t, Members{`,"a":1,"n":{"error":"e","m":{`, 2}, ofFields)
	require.Equal(t, ofFields, ofNodes)
	line, err := w.Entry(nil, cfg, &zapcore.Entry{}, ofFields, fields[:1])
	require.NoError(t, err)
	require.Equal(t, `{"a":1,"n":{"error":"e","m":{"a":1}}}`, string(line))
}
