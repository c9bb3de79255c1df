package otlp

import (
	"encoding/binary"
	"strings"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// Request is what surrounds the LogRecords of a request.
type Request struct {
	resource, scope []byte // the two messages, each with its tag and length
}

// NewRequest returns a Request in protobuf.
func NewRequest(resource []zapcore.Field, scope, version string) *Request {
	w := newProtoWriter()
	w.tag = tagResourceAttribute
	r := distinctFields(resource)
	_ = w.walk.Level(r) // zap's fields report their errors as fields
	var s []byte
	if scope = strings.ToValidUTF8(scope, "\ufffd"); scope != "" {
		s = appendText(append(s, tagScopeName), scope)
	}
	if version = strings.ToValidUTF8(version, "\ufffd"); version != "" {
		s = appendText(append(s, tagScopeVersion), version)
	}
	return &Request{resource: message(tagResourceLogsRes, w.out), scope: message(tagScopeLogsScope, s)}
}

// distinctFields returns fields as a record with distinct names.
func distinctFields(fields []zapcore.Field) *base.Record {
	r := base.GetRecord()
	_ = r.Capture(zapcore.Entry{}, base.Context{}, fields)
	return resourceRule.Distinct(r)
}

func message(tag byte, b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return appendText([]byte{tag}, b)
}

// Head appends what precedes records bytes of LogRecords. Nothing follows them.
func (q *Request) Head(dst []byte, records int) []byte {
	scopeLogs := len(q.scope) + records
	resourceLogs := len(q.resource) + 1 + textSize(scopeLogs)
	dst = binary.AppendUvarint(append(dst, tagRequestResourceLogs), uint64(resourceLogs))
	dst = append(dst, q.resource...)
	dst = binary.AppendUvarint(append(dst, tagResourceLogsScope), uint64(scopeLogs))
	return append(dst, q.scope...)
}

// JSONHead returns what precedes the LogRecords of a request in JSON, which are separated by commas. JSONTail follows them.
func JSONHead(resource []zapcore.Field, scope, version string) string {
	w := newJSONWriter()
	w.out = append(w.out, `{"resourceLogs":[{"resource":{"attributes":[`...)
	_ = w.walk.Level(distinctFields(resource))
	b := append(w.out, `]},"scopeLogs":[{"scope":{"name":`...)
	b = base.AppendJSONString(b, scope)
	if version != "" {
		b = base.AppendJSONString(append(b, `,"version":`...), version)
	}
	return string(append(b, `},"logRecords":[`...))
}

// JSONTail ends a request in JSON.
const JSONTail = "]}]}]}"
