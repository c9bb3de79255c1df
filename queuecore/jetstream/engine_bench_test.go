package jetstream

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// BenchmarkAppend compares a record in a batch that is appended with one that nats.go publishes by itself, asynchronously, and
// with one of a batch that it publishes as one message: the least there is.
func BenchmarkAppend(b *testing.B) {
	const records = 1000
	var batch base.Batch
	for range records {
		var r base.Record
		require.NoError(b, r.Capture(zapcore.Entry{Message: string(bytes.Repeat([]byte("x"), 230))}, base.Context{}, nil))
		batch.Add(r.Bytes())
	}
	run := func(name string, publish func(b *testing.B, e *Engine)) {
		b.Run(name, func(b *testing.B) {
			e, err := New(Config{Dir: b.TempDir()})
			require.NoError(b, err)
			defer e.Close(b.Context())
			b.SetBytes(int64(len(batch.Tape(0))))
			b.ResetTimer()
			for i := 0; i < b.N; i += records {
				publish(b, e)
			}
		})
	}
	run("Engine", func(b *testing.B, e *Engine) {
		_, err := e.Append(&batch)
		require.NoError(b, err)
	})
	run("nats.go, asynchronously", func(b *testing.B, e *Engine) {
		for i := range records {
			_, err := e.js.PublishAsync(e.subject, batch.Tape(i))
			require.NoError(b, err)
		}
		<-e.js.PublishAsyncComplete()
	})
	run("nats.go, the batch as one message", func(b *testing.B, e *Engine) {
		_, err := e.js.Publish(b.Context(), e.subject, make([]byte, records*len(batch.Tape(0))))
		require.NoError(b, err)
	})
}
