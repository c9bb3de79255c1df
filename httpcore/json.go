package httpcore

import (
	"bytes"
	"errors"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/fields"
	"example.com/zaphandlers/internal/names"
	base "example.com/zaphandlers/zapcore"
)

// document makes a JSON document of a record, in which all names are distinct.
type document struct {
	encoder zapcore.Encoder
	rule    *names.Rule // nil where the encoder makes no JSON
}

// newDocument returns a document by enc, under the rule of cfg, to which the names that enc writes itself are added.
func newDocument(enc zapcore.Encoder, cfg names.Config) document {
	paths, ok := names.Of(enc)
	if !ok {
		return document{encoder: enc}
	}
	cfg.Reserved = append(paths, cfg.Reserved...)
	return document{enc, names.New(cfg)}
}

// Append implements base.Formatter.
func (d document) Append(dst []byte, r *base.Record) ([]byte, error) {
	if d.rule == nil {
		return r.AppendEncoded(dst, d.encoder)
	}
	named := d.rule.Distinct(r)
	dst, err := named.AppendEncoded(dst, d.encoder)
	if named != r {
		named.Free()
	}
	return dst, err
}

var errLines = errors.New("httpcore: the encoder made more than one line of a record")

// appendLine is Append for a document that must be one line. It leaves out the line's end.
func (d document) appendLine(dst []byte, r *base.Record) ([]byte, error) {
	begin := len(dst)
	dst, err := d.Append(dst, r)
	if err != nil {
		return dst, err
	}
	line := trimLineEnd(dst[begin:])
	if bytes.IndexByte(line, '\n') >= 0 {
		return dst, errLines
	}
	return dst[:begin+len(line)], nil
}

// storeNames are those that VictoriaLogs, which speaks the wires of others, keeps for itself.
var storeNames = []string{"_msg", "_time", "_stream", "_stream_id"}

// documentOf returns a document by a copy of enc, or by an encoder of JSON whose members have the names of cfg.
func documentOf(enc zapcore.Encoder, cfg zapcore.EncoderConfig, rule names.Config) document {
	if enc != nil {
		rule.Error, rule.ErrorType = "", ""
		return newDocument(enc.Clone(), rule)
	}
	cfg.EncodeLevel = zapcore.LowercaseLevelEncoder
	cfg.EncodeTime = fields.RFC3339
	cfg.EncodeDuration = zapcore.SecondsDurationEncoder
	cfg.EncodeCaller = zapcore.ShortCallerEncoder
	return newDocument(base.NewJSON(cfg), rule)
}

// appendMember appends a member of an object behind others, if value is not empty.
func appendMember(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return base.AppendJSONString(append(base.AppendJSONString(append(dst, ','), name), ':'), value)
}
