package zapcore_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// tenFields are ten fields of plain data, as a web service's access log has them.
func tenFields() []zapcore.Field {
	return []zapcore.Field{
		zap.String("method", "GET"),
		zap.String("path", "/api/v1/orders/12345"),
		zap.Int("status", 200),
		zap.Int64("bytes", 51234),
		zap.Duration("elapsed", 1234567*time.Nanosecond),
		zap.String("remote", "192.0.2.17:51234"),
		zap.String("request_id", "6f1c2a4e-9b1d-4c55"),
		zap.String("agent", "curl/8.5.0"),
		zap.Bool("cached", true),
		zap.Float64("load", 0.75),
	}
}

// typicalFields are ten fields as a service logs a request that failed: among them an error, a time, a Stringer and a list of strings.
func typicalFields() []zapcore.Field {
	fields := tenFields()
	fields[3] = zap.Error(errors.New("read tcp 10.0.0.7:5432: connection reset by peer"))
	fields[6] = zap.Time("deadline", time.Date(2026, 11, 22, 10, 11, 13, 131415161, time.Local))
	fields[7] = zap.Stringer("state", retrying)
	fields[8] = zap.Strings("scopes", []string{"orders:read", "orders:write", "stock:read"})
	return fields
}

// state is a Stringer as the tool of that name makes them: its text is there.
type state uint8

const retrying state = 1

func (s state) String() string { return [...]string{"accepted", "retrying", "given up"}[s] }

func tenEntry() zapcore.Entry {
	return zapcore.Entry{
		Level:   zapcore.InfoLevel,
		Time:    time.Date(2026, 11, 22, 10, 11, 12, 131415161, time.Local),
		Message: "request served",
	}
}

// BenchmarkRecord compares recording and replaying ten typed fields with encoding them at once.
func BenchmarkRecord(b *testing.B) {
	ent, fields := tenEntry(), tenFields()
	enc := jsonEncoder()

	b.Run("zap's JSON core to io.Discard", func(b *testing.B) {
		core := zapcore.NewCore(enc, zapcore.AddSync(io.Discard), zapcore.DebugLevel)
		b.ReportAllocs()
		for b.Loop() {
			_ = core.Write(ent, fields)
		}
	})
	b.Run("encode JSON at once", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			buf, _ := enc.EncodeEntry(ent, fields)
			buf.Free()
		}
	})
	b.Run("capture", func(b *testing.B) {
		r := new(base.Record)
		b.ReportAllocs()
		for b.Loop() {
			_ = r.Capture(ent, base.Context{}, fields)
		}
		b.ReportMetric(float64(len(r.Bytes())), "B/record")
	})
	b.Run("capture, typical", func(b *testing.B) {
		r, fields := new(base.Record), typicalFields()
		b.ReportAllocs()
		for b.Loop() {
			_ = r.Capture(ent, base.Context{}, fields)
		}
	})
	b.Run("encode JSON at once, typical", func(b *testing.B) {
		fields := typicalFields()
		b.ReportAllocs()
		for b.Loop() {
			buf, _ := enc.EncodeEntry(ent, fields)
			buf.Free()
		}
	})
	b.Run("replay into JSON", func(b *testing.B) {
		var r base.Record
		_ = r.Capture(ent, base.Context{}, fields)
		tape := r.Bytes()
		var view base.Record
		b.ReportAllocs()
		for b.Loop() {
			view.View(tape)
			buf, _ := view.Encode(enc)
			buf.Free()
		}
	})
}
