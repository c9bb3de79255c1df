package httpcore

import (
	"bytes"
	"encoding/json"
	"errors"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// appendMember appends a member of an object behind others, if value is not empty.
func appendMember(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return base.AppendJSONString(append(base.AppendJSONString(append(dst, ','), name), ':'), value)
}

var errLines = errors.New("httpcore: the encoder made more than one line of a record")

// appendLine appends what enc makes of r, which must be one line, without its end.
func appendLine(dst []byte, r *base.Record, enc zapcore.Encoder) ([]byte, error) {
	begin := len(dst)
	dst, err := r.AppendEncoded(dst, enc)
	if err != nil {
		return dst, err
	}
	line := bytes.TrimRight(dst[begin:], "\r\n")
	if bytes.IndexByte(line, '\n') >= 0 {
		return dst, errLines
	}
	return dst[:begin+len(line)], nil
}

// documentEncoder returns a copy of enc, or an encoder of JSON whose members have the names of cfg.
func documentEncoder(enc zapcore.Encoder, cfg zapcore.EncoderConfig) zapcore.Encoder {
	if enc != nil {
		return enc.Clone()
	}
	cfg.EncodeLevel = zapcore.LowercaseLevelEncoder
	cfg.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	cfg.EncodeDuration = zapcore.SecondsDurationEncoder
	cfg.EncodeCaller = zapcore.ShortCallerEncoder
	return base.NewJSON(cfg)
}

// member returns the value of a member of an object, or nil if there is none, and reads no further than that.
func member(object []byte, name string) (value json.Token, err error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if first, err := d.Token(); err != nil || first != json.Delim('{') {
		return nil, err
	}
	var other json.RawMessage
	for d.More() {
		key, err := d.Token()
		if err == nil && key == name {
			return d.Token()
		}
		if err == nil {
			err = d.Decode(&other)
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}
