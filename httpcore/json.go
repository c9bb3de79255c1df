package httpcore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/fields"
	"example.com/zaphandlers/internal/names"
	base "example.com/zaphandlers/zapcore"
)

// document makes a JSON document of a record, with distinct names.
type document struct {
	encoder zapcore.Encoder
	rule    *names.Rule // nil if the encoder makes no JSON
}

// newDocument returns a document by enc. The names that enc itself writes are reserved in addition to those of cfg.
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

// appendLine is Append for a document that must be one line. It omits the line ending.
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

// checkEncoder returns an error, starting with the field's name, for an encoder that makes no JSON, or whose own members have a name
// twice: no receiver of JSON could take its records. A nil enc is no error.
func checkEncoder(field string, enc zapcore.Encoder) error {
	if enc == nil {
		return nil
	}
	var line []byte
	err := base.Guard(func() error {
		b, err := enc.Clone().EncodeEntry(zapcore.Entry{
			Level: zapcore.ErrorLevel, Time: time.Unix(1e9, 0), LoggerName: "name", Message: "message", Stack: "stack",
			Caller: zapcore.EntryCaller{Defined: true, File: "/dir/file.go", Line: 1, Function: "function"},
		}, nil)
		if err == nil {
			line = bytes.Clone(b.Bytes())
			b.Free()
		}
		return err
	})
	switch {
	case err != nil: // perhaps only for this record
		return nil
	case !json.Valid(line):
		return fmt.Errorf("httpcore: %s makes no JSON: %.60q", field, line)
	}
	if name, twice := repeated(line); twice {
		return fmt.Errorf("httpcore: %s has two members of the name %q", field, name)
	}
	return nil
}

// repeated returns a name that occurs twice in a JSON object.
func repeated(object []byte) (name string, twice bool) {
	dec := json.NewDecoder(bytes.NewReader(object))
	if start, err := dec.Token(); err != nil || start != json.Delim('{') {
		return "", false
	}
	seen := map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
		name, _ := token.(string)
		var value json.RawMessage
		if err != nil || dec.Decode(&value) != nil {
			return "", false
		}
		if seen[name] {
			return name, true
		}
		seen[name] = true
	}
	return "", false
}

// storeNames are reserved by VictoriaLogs, which accepts the protocols of others.
var storeNames = []string{"_msg", "_time", "_stream", "_stream_id"}

// documentOf returns a document by a copy of enc, or if that is nil by a JSON encoder with the names of cfg.
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

// appendMember appends a comma and a member of an object, unless value is empty.
func appendMember(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return base.AppendJSONString(append(base.AppendJSONString(append(dst, ','), name), ':'), value)
}
