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

// checkEncoder returns an error, which begins with the field's name, for an encoder whose records no receiver of JSON can take: what it
// makes is no JSON, or has a member twice, of its own. nil is none.
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
	case err != nil: // it may do so for this record only
		return nil
	case !json.Valid(line):
		return fmt.Errorf("httpcore: %s makes no JSON: %.60q", field, line)
	}
	if name, twice := repeated(line); twice {
		return fmt.Errorf("httpcore: %s has two members of the name %q", field, name)
	}
	return nil
}

// repeated returns a name that a JSON object has twice.
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
