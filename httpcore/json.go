package httpcore

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// jsonPlain tells which bytes stand for themselves in a string of JSON, whatever is around them.
var jsonPlain = bytesThat(func(c byte) bool { return c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf })

func bytesThat(are func(c byte) bool) (table [256]bool) {
	for c := range table {
		table[c] = are(byte(c))
	}
	return table
}

// appendJSON appends s as a string of JSON. Bytes that are no UTF-8 become U+FFFD, as with zap's JSON encoder.
func appendJSON[T string | []byte](dst []byte, s T) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	plain := 0 // where what needs no change begins
	for i := 0; i < len(s); {
		c := s[i]
		if jsonPlain[c] {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			if r, size := utf8.DecodeRuneInString(string(s[i:min(len(s), i+utf8.UTFMax)])); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		dst = append(dst, s[plain:i]...)
		switch {
		case c >= utf8.RuneSelf:
			dst = append(dst, "\ufffd"...)
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		plain = i
	}
	return append(append(dst, s[plain:]...), '"')
}

// appendMember appends a member of an object behind others, if value is not empty.
func appendMember(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return appendJSON(append(appendJSON(append(dst, ','), name), ':'), value)
}

var errLines = errors.New("httpcore: the encoder made more than one line of a record")

// appendLine appends what enc makes of r, which must be one line, without its end.
func appendLine(dst []byte, r *base.Record, enc zapcore.Encoder) ([]byte, error) {
	buf, err := r.Encode(enc)
	if err != nil {
		return dst, err
	}
	defer buf.Free()
	line := bytes.TrimRight(buf.Bytes(), "\r\n")
	dst = append(dst, line...)
	if bytes.IndexByte(line, '\n') >= 0 {
		return dst, errLines
	}
	return dst, nil
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
	return zapcore.NewJSONEncoder(cfg)
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
