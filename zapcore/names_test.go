package zapcore_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

func namesHash(t *testing.T, message string, fields ...zapcore.Field) uint64 {
	var r base.Record
	require.NoError(t, r.Capture(zapcore.Entry{Message: message}, base.Context{}, fields))
	return r.NamesHash(7)
}

func TestNamesHash(t *testing.T) {
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.FixedZone("X", 3600))
	fields := func(s string, n int) []zapcore.Field {
		return []zapcore.Field{zap.String("a", s), zap.String(strings.Repeat("k", 300), s), zap.Int("n", n), zap.Time("at", at.Add(time.Duration(n))),
			zap.Strings("list", []string{s}), zap.Dict("d", zap.String("x", s), zap.Int("y", n)), zap.Any("nil", nil),
			zap.Any("number", json.Number(fmt.Sprint(n))), zap.Namespace("space"), zap.Binary("b", []byte(s))}
	}
	require.Equal(t, namesHash(t, "one", fields("one", 1)...), namesHash(t, "two", fields(strings.Repeat("two", 200), 2)...),
		"values and entries do not count")
	seen := map[uint64]string{}
	for name, fields := range map[string][]zapcore.Field{
		"none":                 nil,
		"a":                    {zap.Int("a", 1)},
		"b":                    {zap.Int("b", 1)},
		"a, b":                 {zap.Int("a", 1), zap.Int("b", 1)},
		"b, a":                 {zap.Int("b", 1), zap.Int("a", 1)},
		"ab":                   {zap.Int("ab", 1)},
		"empty":                {zap.Int("", 1)},
		"NUL":                  {zap.Int("\x00", 1)},
		"two NULs":             {zap.Int("\x00\x00", 1)},
		"text":                 {zap.String("a", "1")},
		"namespace":            {zap.Namespace("a"), zap.Int("b", 1)},
		"object":               {zap.Dict("a", zap.Int("b", 1))},
		"object, then":         {zap.Dict("a"), zap.Int("b", 1)},
		"in an array":          {zap.Objects("a", []dict{{zap.Int("b", 1)}})},
		"in an array, other":   {zap.Objects("a", []dict{{zap.Int("c", 1)}})},
		"two in an array":      {zap.Objects("a", []dict{{zap.Int("b", 1)}, {zap.Int("b", 1)}})},
		"reflected":            {zap.Any("a", map[string]int{"b": 1})},
		"reflected, other":     {zap.Any("a", map[string]int{"c": 1})},
		"reflected list":       {zap.Any("a", []any{map[string]int{"c": 1}})},
		"8 bytes":              {zap.Int("12345678", 1)},
		"9 bytes":              {zap.Int("123456789", 1)},
		"16 bytes":             {zap.Int("1234567890123456", 1)},
		"16 bytes, other end":  {zap.Int("1234567890123457", 1)},
		"16 bytes, other head": {zap.Int("2234567890123456", 1)},
	} {
		h := namesHash(t, "m", fields...)
		require.Empty(t, seen[h], name)
		seen[h] = name
	}
}

// dict is an object made of fields.
type dict []zapcore.Field

func (d dict) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	for i := range d {
		d[i].AddTo(enc)
	}
	return nil
}

func BenchmarkNamesHash(b *testing.B) {
	var r base.Record
	_ = r.Capture(zapcore.Entry{}, base.Context{}, []zapcore.Field{
		zap.String("method", "GET"), zap.String("path", "/api/v1/orders/12345"), zap.Int("status", 200),
		zap.Int64("bytes", 51234), zap.Duration("elapsed", 1234567), zap.String("remote", "192.0.2.17:51234"),
		zap.String("request_id", "6f1c2a4e-9b1d"), zap.String("agent", "curl/8.5.0"), zap.Bool("cached", true), zap.Float64("load", 0.75)})
	for b.Loop() {
		r.NamesHash(7)
	}
}
