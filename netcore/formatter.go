package netcore

import (
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// binaryFormatter marks the formatters of this package whose frames are not text: no framing that escapes may carry them, and
// no limit may cut them.
type binaryFormatter interface {
	base.Formatter
	binary()
}

// Records returns a Formatter that sends records as they are kept inside this module: the level, the time to the nanosecond,
// the caller and every field with its type. It is the densest form, and the cheapest at both ends; only a Server with
// FormatRecords reads it.
func Records() Formatter { return records{} }

type records struct{}

func (records) Append(dst []byte, r *base.Record) ([]byte, error) {
	return append(dst, r.Bytes()...), nil
}
func (records) binary() {}

// newLines returns the encoder of a Config that names none: a JSON object a record, with times as RFC 3339 says.
func newLines() zapcore.Encoder {
	cfg := zap.NewProductionEncoderConfig()
	cfg.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	return base.NewJSON(cfg)
}
