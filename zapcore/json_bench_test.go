package zapcore_test

import (
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// BenchmarkJSON compares NewJSON's encoder with zap's, for fields that a logger gives and for a record from a queue.
func BenchmarkJSON(b *testing.B) {
	ent, fields := tenEntry(), tenFields()
	var r base.Record
	_ = r.Capture(ent, base.Context{}, fields)
	tape := r.Bytes()
	for name, enc := range map[string]zapcore.Encoder{
		"zap's":     zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()),
		"NewJSON's": base.NewJSON(zap.NewProductionEncoderConfig()),
	} {
		b.Run("fields/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				buf, _ := enc.EncodeEntry(ent, fields)
				buf.Free()
			}
		})
		b.Run("record/"+name, func(b *testing.B) {
			var view base.Record
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				view.View(tape)
				dst, _ = view.AppendEncoded(dst[:0], enc)
			}
		})
	}
}
