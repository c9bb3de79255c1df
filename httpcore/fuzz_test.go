package httpcore

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

var nasty = []string{"", "plain", "a b&c=d+e%41", "\x00\x1f\x7f\"\\\n\r\t", "é✓🚚", "\xff\xc3(\xed\xa0\x80", "\u2028</script>", "\ufffd"}

func FuzzQuoted(f *testing.F) {
	for _, s := range nasty {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		quoted := string(appendQuoted(nil, s))
		back, err := url.QueryUnescape(quoted)
		require.NoError(t, err)
		require.Equal(t, s, back)
		require.False(t, strings.ContainsFunc(quoted, func(r rune) bool {
			return r <= ' ' || r >= 0x7f || strings.ContainsRune("&=#?/;", r)
		}), "%q stands for itself in a query", quoted)
	})
}

// FuzzRecord: whatever is in a record, its part is one value of JSON, or one form in which the attributes come first and
// once.
func FuzzRecord(f *testing.F) {
	for _, s := range nasty {
		f.Add(s, "key", s, []byte(s), int64(7))
		f.Add("message", s, "value", []byte(nil), int64(-1))
	}
	f.Add("m", "msg", "forged", []byte("x"), int64(0))
	envelopes := map[string]Envelope{
		"otlp":   OTLP(OTLPConfig{JSON: true, TraceField: "key"}),
		"loki":   Loki(LokiConfig{LabelFields: []string{"key", "space.key"}}),
		"splunk": Splunk(SplunkConfig{}),
	}
	bulk := Elasticsearch(ElasticsearchConfig{ID: func(r *base.Record) string { return r.Entry().Message }}).Formatter
	f.Fuzz(func(t *testing.T, message, key, value string, data []byte, n int64) {
		var r base.Record
		ent := zapcore.Entry{Time: time.Unix(1, n%1e9), Level: zapcore.Level(n), Message: message, LoggerName: value, Stack: key}
		require.NoError(t, r.Capture(ent, base.Context{}, []zapcore.Field{
			zap.String(key, value), zap.Int64(key, n), zap.Binary("data", data), zap.ByteString(value, data),
			zap.Any("map", map[string]any{key: []any{value, n, nil, 1.5}}), zap.Strings(key, []string{value, key}),
			zap.Namespace(key), zap.Dict("dict", zap.String(key, value), zap.Namespace(key), zap.Duration(key, time.Duration(n))), zap.String(key, value),
		}))
		for name, envelope := range envelopes {
			part, err := envelope.Formatter.Append(nil, &r)
			require.NoError(t, err)
			require.True(t, json.Valid(part), "%s: %s", name, part)
		}
		lines, err := bulk.Append(nil, &r)
		require.NoError(t, err)
		action, doc, _ := strings.Cut(string(lines), "\n")
		require.True(t, json.Valid([]byte(action)) && json.Valid([]byte(doc)), "%s", lines)

		part, err := form{}.Append(nil, &r)
		require.NoError(t, err)
		values, err := url.ParseQuery(string(part))
		require.NoError(t, err)
		require.Equal(t, []string{message}, values["msg"], "no field passes for an attribute")
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add(`{"errors":true,"items":[{"create":{"status":429}}]}`, "7")
	f.Add(`{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"x"}}`, "Sun, 22 Nov 2026 10:00:09 GMT")
	f.Add(`{"text":"no","invalid-event-number":1}`, "99999999999999999999")
	f.Add("\xff\x00é", "-1")
	f.Fuzz(func(t *testing.T, body, after string) {
		wait := retryAfter(http.Header{"Retry-After": {after}}, time.Unix(0, 0), time.Minute)
		require.True(t, wait >= 0 && wait <= time.Minute, wait)
		words := new(Answer).excerpt([]byte(body))
		require.True(t, utf8.ValidString(words) && len(words) <= 200+len("…"), words)
		require.False(t, strings.ContainsFunc(words, unicode.IsControl))
		for _, read := range []func(*Answer) error{readSplunk, readOTLP, func(a *Answer) error { return readBulk(a, true) }} {
			for _, status := range []int{200, 400, 503} {
				err := read(&Answer{Status: status, Header: http.Header{}, Body: []byte(body), Records: 2})
				retry, rejected := verdictsIn(err)
				seen := map[int]bool{}
				if retry != nil {
					mark(t, seen, retry.Indexes)
				}
				if rejected != nil {
					mark(t, seen, rejected.Indexes)
				}
			}
		}
	})
}

// mark requires that indexes are rising, among two records, and new.
func mark(t *testing.T, seen map[int]bool, indexes []int) {
	last := -1
	for _, i := range indexes {
		require.True(t, i > last && i < 2 && !seen[i], "%v", indexes)
		last, seen[i] = i, true
	}
}
