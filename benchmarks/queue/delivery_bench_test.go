package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore"
	"example.com/zaphandlers/writesyncers"
	base "example.com/zaphandlers/zapcore"
)

// BenchmarkDelivery is what a record costs from the logging call to the file, the last one flushed: by way of a queue into a
// file that rotates, and by zap's own buffer into a plain file.
func BenchmarkDelivery(b *testing.B) {
	enc := jsonEncoder()
	b.Run("zap BufferedWriteSyncer, plain file", func(b *testing.B) {
		file, err := os.Create(filepath.Join(b.TempDir(), "log"))
		require.NoError(b, err)
		defer file.Close()
		ws := &zapcore.BufferedWriteSyncer{WS: noSync{file}, Size: 256 << 10}
		log := zapCalls(zapcore.NewCore(enc, ws, zapcore.DebugLevel))
		b.ResetTimer()
		for range b.N {
			log()
		}
		require.NoError(b, ws.Stop())
	})
	b.Run("queue, rotating file", func(b *testing.B) {
		file, err := writesyncers.NewRotatingFile(writesyncers.RotatingFileConfig{
			Path: filepath.Join(b.TempDir(), "log"), MaxBytes: 8 << 20, BackupCount: 3, Fsync: writesyncers.FsyncNever,
		})
		require.NoError(b, err)
		defer file.Close()
		queue, err := queuecore.New(queuecore.Config{Targets: queuecore.Targets(base.FromWriter(enc, file, nil))})
		require.NoError(b, err)
		log := zapCalls(queue)
		b.ResetTimer()
		for range b.N {
			log()
		}
		require.NoError(b, queue.Close())
		require.Equal(b, uint64(b.N), queue.Stats().Delivered, "nothing is lost")
	})
}

// noSync is a file that is not synced: neither side pays for the disk.
type noSync struct{ *os.File }

func (noSync) Sync() error { return nil }
