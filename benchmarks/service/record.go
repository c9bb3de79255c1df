package main

import (
	"hash/crc32"
	"strconv"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// record is one log record on both sides: what is logged, and what is found on reading back. Seq makes it unique, from 0
// without gaps. Sum is over all the rest, so that whoever finds it can tell whether it is what was logged.
//
// A line of -input is a message and nothing else; a request has the fields below as well.
type record struct {
	Level   zapcore.Level `json:"level"`
	Message string        `json:"msg"`
	Seq     uint64        `json:"seq"`
	Sum     uint32        `json:"sum"`

	Method    string        `json:"method"`
	Path      string        `json:"path"`
	Status    int           `json:"status"`
	Bytes     int64         `json:"bytes"`
	Duration  time.Duration `json:"duration"`
	Remote    string        `json:"remote"`
	RequestID string        `json:"request_id"`
	UserAgent string        `json:"user_agent"`
	Error     string        `json:"error"`

	err error // what Error is the text of
}

// newEncoder returns the encoder of every destination that takes JSON. record reads what it writes.
func newEncoder() zapcore.Encoder {
	cfg := zap.NewProductionEncoderConfig()
	cfg.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	cfg.EncodeDuration = zapcore.NanosDurationEncoder
	return base.NewJSON(cfg)
}

// log is the logging call, as a service would write it.
func (r *record) log(logger *zap.Logger) {
	fields := append(make([]zap.Field, 0, 11), zap.Uint64("seq", r.Seq), zap.Uint32("sum", r.Sum))
	if r.Method != "" {
		fields = append(fields,
			zap.String("method", r.Method),
			zap.String("path", r.Path),
			zap.Int("status", r.Status),
			zap.Int64("bytes", r.Bytes),
			zap.Duration("duration", r.Duration),
			zap.String("remote", r.Remote),
			zap.String("request_id", r.RequestID),
			zap.String("user_agent", r.UserAgent))
	}
	if r.err != nil {
		fields = append(fields, zap.Error(r.err))
	}
	logger.Log(r.Level, r.Message, fields...)
}

// checksum returns what Sum has to be.
func (r *record) checksum() uint32 {
	b := make([]byte, 0, 512)
	for _, n := range [...]int64{int64(r.Level), int64(r.Seq), int64(r.Status), r.Bytes, int64(r.Duration)} {
		b = append(strconv.AppendInt(b, n, 10), 0)
	}
	for _, s := range [...]string{r.Message, r.Method, r.Path, r.Remote, r.RequestID, r.UserAgent, r.Error} {
		b = append(append(b, s...), 0)
	}
	return crc32.ChecksumIEEE(b)
}
