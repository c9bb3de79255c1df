package http_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// recorded records n times the same, as a queue does.
func recorded(tb testing.TB, n int, ent zapcore.Entry, fields []zapcore.Field) *base.Batch {
	var batch base.Batch
	var tapes []byte
	ends := make([]int, n)
	var r base.Record
	for i := range n {
		require.NoError(tb, r.Capture(ent, base.Context{}, fields))
		tapes = append(tapes, r.Bytes()...)
		ends[i] = len(tapes)
	}
	start := 0
	for _, end := range ends {
		batch.Add(tapes[start:end])
		start = end
	}
	return &batch
}
