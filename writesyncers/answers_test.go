package writesyncers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// A Rotator that compresses leaves a half-made file each time that the disk is full. That costs no backup.
func TestARotatorThatFailsHalfway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := false
		f, dir := rotating(t, RotatingFileConfig{MaxBytes: 20, BackupCount: 3, OnError: func(error) {}, Rotator: func(src, dst string) error {
			text, err := os.ReadFile(src)
			if err != nil {
				return err
			}
			if full {
				return errors.Join(os.WriteFile(dst, text[:1], 0o644), errors.New("full"))
			}
			return errors.Join(os.WriteFile(dst, text, 0o644), os.Remove(src))
		}})
		for i := range 5 {
			write(t, f, fmt.Sprintf("a record %d\n", i))
			synctest.Wait()
		}
		good := tree(t, dir)
		full = true
		for range 9 {
			write(t, f, "more\n")
			assert.Error(t, f.Rollover())
			time.Sleep(time.Minute)
		}
		delete(good, "app.log")
		delete(good, "app.log.3") // for which a better one had its place
		for name, text := range good {
			n := int(name[len(name)-1]-'0') + 1
			assert.Equal(t, text, read(t, filepath.Join(dir, fmt.Sprintf("app.log.%d", n))))
		}
		full = false
		require.NoError(t, f.Rollover())
		require.NoError(t, f.Close())
		assert.Equal(t, "a record 4\nmore\n", read(t, filepath.Join(dir, "app.log.2")))
	})
}

// Encode gets one record, whatever came before it, and what it returns is that record encoded, wherever it lies.
func TestEncodeThatDoesNotAppend(t *testing.T) {
	for name, encode := range map[string]func(dst, src []byte) ([]byte, error){
		"appends":           func(dst, src []byte) ([]byte, error) { return append(dst, bytes.ToUpper(src)...), nil },
		"returns a new one": func(_, src []byte) ([]byte, error) { return bytes.ToUpper(src), nil },
		"returns one of its": func() func(dst, src []byte) ([]byte, error) {
			var own []byte
			return func(_, src []byte) ([]byte, error) {
				own = append(own[:0], bytes.ToUpper(src)...)
				return own, nil
			}
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			f, dir := rotating(t, RotatingFileConfig{Encode: encode})
			for range 3 {
				write(t, f, "one\n")
				b, ends := batch("two\n", "a longer one\n", "", "three\n")
				n, err := f.WriteRecords(b, ends)
				require.NoError(t, err)
				assert.Equal(t, 4, n)
			}
			assert.Equal(t, "ONE\nTWO\nA LONGER ONE\nTHREE\nONE\nTWO\nA LONGER ONE\nTHREE\nONE\nTWO\nA LONGER ONE\nTHREE\n", read(t, filepath.Join(dir, "app.log")))
		})
	}
}

// zap's own core calls no Sync after a record that was refused, not even after a Fatal: records before it must not wait for one.
func TestARefusedRecordHasTheBufferWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	f, err := NewFile(FileConfig{Path: path, Buffer: 1 << 16, FlushEvery: -1, Encode: func(dst, src []byte) ([]byte, error) {
		if bytes.Contains(src, []byte("bad")) {
			return nil, errors.New("no such character")
		}
		return append(dst, src...), nil
	}})
	require.NoError(t, err)
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "m"}), f, zap.InfoLevel)
	logger := zap.New(core, zap.WithFatalHook(zapcore.WriteThenPanic), zap.ErrorOutput(zapcore.AddSync(io.Discard)))
	logger.Info("before")
	assert.Empty(t, read(t, path))
	assert.Panics(t, func() { logger.Fatal("bad") })
	assert.Equal(t, "{\"m\":\"before\"}\n", read(t, path))
	assert.Equal(t, uint64(1), f.Stats().Refused)
	require.NoError(t, f.Close())
}
