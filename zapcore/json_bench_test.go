package zapcore_test

import (
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// BenchmarkJSON compares NewJSON's encoder with zap's: for fields that a logger gives, plain and typical ones; for two fields and ten
// of With; and for a record from a queue.
func BenchmarkJSON(b *testing.B) {
	ent := tenEntry()
	calls := map[string]struct{ with, fields []zapcore.Field }{
		"plain": {nil, tenFields()}, "typical": {nil, typicalFields()}, "With(10) and 2": {tenFields(), tenFields()[:2]},
	}
	for name, enc := range map[string]zapcore.Encoder{
		"zap's":     zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()),
		"NewJSON's": base.NewJSON(zap.NewProductionEncoderConfig()),
	} {
		for kind, call := range calls {
			enc, fields := enc.Clone(), call.fields
			addTo(enc, call.with)
			b.Run("fields, "+kind+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					buf, _ := enc.EncodeEntry(ent, fields)
					buf.Free()
				}
			})
		}
		for _, kind := range []string{"plain", "typical"} {
			b.Run("record, "+kind+"/"+name, func(b *testing.B) {
				var r, view base.Record
				_ = r.Capture(ent, base.Context{}, calls[kind].fields)
				tape := r.Bytes()
				var dst []byte
				b.ReportAllocs()
				for b.Loop() {
					view.View(tape)
					dst, _ = view.AppendEncoded(dst[:0], enc)
				}
			})
		}
	}
}
