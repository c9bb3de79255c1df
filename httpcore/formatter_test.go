package httpcore_test

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
	"example.com/zaphandlers/internal/sockets"
	base "example.com/zaphandlers/zapcore"
)

// every has a field of each kind that zap has.
var every = []zapcore.Field{
	zap.String("string", "a b"), zap.Int("int", -1), zap.Int64("int64", math.MinInt64), zap.Int32("int32", 2), zap.Int16("int16", 3), zap.Int8("int8", 4),
	zap.Uint("uint", 5), zap.Uint64("uint64", math.MaxUint64), zap.Uint32("uint32", 6), zap.Uint16("uint16", 7), zap.Uint8("uint8", 8),
	zap.Uintptr("uintptr", 9), zap.Bool("true", true), zap.Bool("false", false),
	zap.Float64("float64", 2), zap.Float32("float32", 0.5), zap.Float64("nan", math.NaN()), zap.Float64("inf", math.Inf(-1)),
	zap.Complex128("complex128", 1+2i), zap.Complex64("complex64", 1-2i),
	zap.Duration("duration", 1500*time.Millisecond), zap.Time("time", noon),
	zap.ByteString("bytestring", []byte("é")), zap.Binary("binary", []byte{0xff, 0}), zap.Error(errors.New("broken")),
	zap.Any("nil", nil), zap.Reflect("reflected", map[string]any{"b": []any{1, 2.5, nil, true}, "a": "x"}),
	zap.Strings("strings", []string{"x", "y"}), zap.Ints("ints", []int{1, 2}), zap.Durations("durations", []time.Duration{1}),
	zap.Dict("dict", zap.Int("n", 1), zap.Namespace("inner"), zap.String("s", "t")),
	zap.Namespace("space"), zap.Int("n", 2), zap.Namespace("deeper"), zap.Int("n", 3),
}

func appended(t *testing.T, f base.Formatter, ent zapcore.Entry, fields ...zapcore.Field) string {
	var r base.Record
	require.NoError(t, r.Capture(ent, base.Context{}, fields))
	for range 2 { // the second time with what the first left in pools
		part, err := f.Append([]byte("before"), &r)
		require.NoError(t, err)
		if text := strings.TrimPrefix(string(part), "before"); text != "" {
			part, err = f.Append(nil, &r)
			require.NoError(t, err)
			require.Equal(t, text, string(part))
		}
	}
	part, err := f.Append(nil, &r)
	require.NoError(t, err)
	return string(part)
}

func TestFormOfEveryKind(t *testing.T) {
	ent := zapcore.Entry{Level: zapcore.ErrorLevel, Time: noon, Message: "m", Stack: "s"}
	values, err := url.ParseQuery(appended(t, httpcore.Form().Formatter, ent, every...))
	require.NoError(t, err)
	want := url.Values{
		"name": {"root"}, "msg": {"m"}, "levelname": {"ERROR"}, "levelno": {"40"}, "stack_info": {"s"},
		"created": {"1795348800.1234567"}, "msecs": {"123.0"},
		"string": {"a b"}, "int": {"-1"}, "int64": {"-9223372036854775808"}, "int32": {"2"}, "int16": {"3"}, "int8": {"4"},
		"uint": {"5"}, "uint64": {"18446744073709551615"}, "uint32": {"6"}, "uint16": {"7"}, "uint8": {"8"}, "uintptr": {"9"},
		"true": {"True"}, "false": {"False"}, "float64": {"2.0"}, "float32": {"0.5"}, "nan": {"nan"}, "inf": {"-inf"},
		"complex128": {"1+2i"}, "complex64": {"1-2i"}, "duration": {"1.5"}, "time": {"2026-11-22T12:00:00.123456789Z"},
		"bytestring": {"é"}, "binary": {"\xff\x00"}, "error": {"broken"}, "nil": {"None"},
		"reflected": {`{"a":"x","b":[1,2.5,null,true]}`}, "strings": {`["x","y"]`}, "ints": {"[1,2]"}, "durations": {"[0.000000001]"},
		"dict": {`{"n":1,"inner":{"s":"t"}}`}, "space.n": {"2"}, "space.deeper.n": {"3"},
	}
	require.Equal(t, want, values)
}

func TestFormKeepsAttributesApart(t *testing.T) {
	part := appended(t, httpcore.Form().Formatter, zapcore.Entry{Level: zapcore.InfoLevel, Time: noon, Message: "true"},
		zap.String("msg", "forged"), zap.String("levelname", "forged"), zap.Int("a&b=c", 1))
	require.Equal(t, "name=root&msg=true&levelname=INFO&levelno=20&created=1795348800.1234567&msecs=123.0&"+
		"msg_=forged&levelname_=forged&a%26b%3Dc=1", part)
}

func TestPythonLevels(t *testing.T) {
	for level, want := range map[zapcore.Level]string{
		-128: "Level 1 1", -2: "Level 9 9", zapcore.DebugLevel: "DEBUG 10", zapcore.InfoLevel: "INFO 20",
		zapcore.WarnLevel: "WARNING 30", zapcore.ErrorLevel: "ERROR 40", zapcore.DPanicLevel: "CRITICAL 50",
		zapcore.FatalLevel: "CRITICAL 50", 100: "CRITICAL 50",
	} {
		values, err := url.ParseQuery(appended(t, httpcore.Form().Formatter, zapcore.Entry{Level: level, Time: noon}))
		require.NoError(t, err)
		require.Equal(t, want, values.Get("levelname")+" "+values.Get("levelno"))
	}
}

func TestOTLPOfEveryKind(t *testing.T) {
	ent := zapcore.Entry{Level: zapcore.WarnLevel, Time: noon, LoggerName: "shop", Message: "m \"q\"", Stack: "s",
		Caller: zapcore.EntryCaller{Defined: true, File: "/src/a.go", Line: 7, Function: "a.b"}}
	part := appended(t, httpcore.OTLP(httpcore.OTLPConfig{JSON: true}).Formatter, ent, every...)
	require.JSONEq(t, `{"timeUnixNano":"1795348800123456789","observedTimeUnixNano":"1795348800123456789",
		"severityNumber":13,"severityText":"warn","body":{"stringValue":"m \"q\""},"attributes":[
		{"key":"logger.name","value":{"stringValue":"shop"}},
		{"key":"code.file.path","value":{"stringValue":"/src/a.go"}},{"key":"code.line.number","value":{"intValue":"7"}},
		{"key":"code.function.name","value":{"stringValue":"a.b"}},
		{"key":"string","value":{"stringValue":"a b"}},{"key":"int","value":{"intValue":"-1"}},
		{"key":"int64","value":{"intValue":"-9223372036854775808"}},{"key":"int32","value":{"intValue":"2"}},
		{"key":"int16","value":{"intValue":"3"}},{"key":"int8","value":{"intValue":"4"}},{"key":"uint","value":{"intValue":"5"}},
		{"key":"uint64","value":{"stringValue":"18446744073709551615"}},{"key":"uint32","value":{"intValue":"6"}},
		{"key":"uint16","value":{"intValue":"7"}},{"key":"uint8","value":{"intValue":"8"}},{"key":"uintptr","value":{"intValue":"9"}},
		{"key":"true","value":{"boolValue":true}},{"key":"false","value":{"boolValue":false}},
		{"key":"float64","value":{"doubleValue":2}},{"key":"float32","value":{"doubleValue":0.5}},
		{"key":"nan","value":{"doubleValue":"NaN"}},{"key":"inf","value":{"doubleValue":"-Infinity"}},
		{"key":"complex128","value":{"kvlistValue":{"values":[{"key":"r","value":{"doubleValue":1}},{"key":"i","value":{"doubleValue":2}}]}}},
		{"key":"complex64","value":{"kvlistValue":{"values":[{"key":"r","value":{"doubleValue":1}},{"key":"i","value":{"doubleValue":-2}}]}}},
		{"key":"duration","value":{"intValue":"1500000000"}},{"key":"time","value":{"intValue":"1795348800123456789"}},
		{"key":"bytestring","value":{"stringValue":"é"}},{"key":"binary","value":{"bytesValue":"/wA="}},
		{"key":"exception.message","value":{"stringValue":"broken"}},{"key":"exception.type","value":{"stringValue":"*errors.errorString"}},{"key":"nil","value":{}},
		{"key":"reflected","value":{"kvlistValue":{"values":[{"key":"a","value":{"stringValue":"x"}},
			{"key":"b","value":{"arrayValue":{"values":[{"intValue":"1"},{"doubleValue":2.5},{},{"boolValue":true}]}}}]}}},
		{"key":"strings","value":{"arrayValue":{"values":[{"stringValue":"x"},{"stringValue":"y"}]}}},
		{"key":"ints","value":{"arrayValue":{"values":[{"intValue":"1"},{"intValue":"2"}]}}},
		{"key":"durations","value":{"arrayValue":{"values":[{"intValue":"1"}]}}},
		{"key":"dict","value":{"kvlistValue":{"values":[{"key":"n","value":{"intValue":"1"}},
			{"key":"inner","value":{"kvlistValue":{"values":[{"key":"s","value":{"stringValue":"t"}}]}}}]}}},
		{"key":"space","value":{"kvlistValue":{"values":[{"key":"n","value":{"intValue":"2"}},
			{"key":"deeper","value":{"kvlistValue":{"values":[{"key":"n","value":{"intValue":"3"}}]}}}]}}},
		{"key":"exception.stacktrace","value":{"stringValue":"s"}}]}`, part)
}

func TestOTLPTraceContext(t *testing.T) {
	const trace, span = "4BF92F3577B34DA6A3CE929D0E0E4736", "00f067aa0ba902b7"
	tests := []struct {
		name              string
		cfg               httpcore.OTLPConfig
		fields            []zapcore.Field
		trace, span, left string
	}{
		{"both", httpcore.OTLPConfig{JSON: true}, []zapcore.Field{zap.String("trace_id", trace), zap.String("span_id", span)}, strings.ToLower(trace), span, ""},
		{"none", httpcore.OTLPConfig{JSON: true}, nil, "", "", ""},
		{"other names", httpcore.OTLPConfig{JSON: true, TraceField: "t", SpanField: "s"}, []zapcore.Field{zap.String("s", span), zap.String("t", trace)}, strings.ToLower(trace), span, ""},
		{"no id", httpcore.OTLPConfig{JSON: true}, []zapcore.Field{zap.String("trace_id", "12")}, "", "", "trace_id"},
		{"not hex", httpcore.OTLPConfig{JSON: true}, []zapcore.Field{zap.String("span_id", "0123456789abcdeg")}, "", "", "span_id"},
		{"zeros are no id", httpcore.OTLPConfig{JSON: true}, []zapcore.Field{zap.String("span_id", "0000000000000000")}, "", "", "span_id"},
		{"a number", httpcore.OTLPConfig{JSON: true}, []zapcore.Field{zap.Int("trace_id", 7)}, "", "", "trace_id"},
		{"in a namespace", httpcore.OTLPConfig{JSON: true}, []zapcore.Field{zap.Namespace("x"), zap.String("span_id", span)}, "", "", "x"},
		{"twice", httpcore.OTLPConfig{JSON: true}, []zapcore.Field{zap.String("span_id", span), zap.String("span_id", "other")}, "", span, "span_id_"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var r struct {
				TraceID    string
				SpanID     string
				Attributes []struct{ Key string }
			}
			require.NoError(t, json.Unmarshal([]byte(appended(t, httpcore.OTLP(test.cfg).Formatter, zapcore.Entry{Time: noon}, test.fields...)), &r))
			require.Equal(t, test.trace, r.TraceID)
			require.Equal(t, test.span, r.SpanID)
			if test.left == "" {
				require.Empty(t, r.Attributes)
			} else {
				require.Equal(t, test.left, r.Attributes[0].Key, "what is no id stays an attribute")
			}
		})
	}
}

func TestSeverities(t *testing.T) {
	for level, want := range map[zapcore.Level]float64{-128: 1, -2: 4, -1: 5, 0: 9, 1: 13, 2: 17, 3: 21, 4: 22, 5: 23, 6: 24, 100: 24} {
		var r map[string]any
		require.NoError(t, json.Unmarshal([]byte(appended(t, httpcore.OTLP(httpcore.OTLPConfig{JSON: true}).Formatter, zapcore.Entry{Level: level, Time: noon})), &r))
		require.Equal(t, want, r["severityNumber"])
	}
}

func TestOTLPPartialSuccess(t *testing.T) {
	for name, test := range map[string]struct {
		answer  string
		refused []int
	}{
		"all":                       {`{"partialSuccess":{}}`, nil},
		"nothing said":              {``, nil},
		"a warning only":            {`{"partialSuccess":{"errorMessage":"slow down"}}`, nil},
		"two refused":               {`{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"too old"}}`, []int{2, 3}},
		"as a number":               {`{"partialSuccess":{"rejectedLogRecords":1,"errorMessage":"too old"}}`, []int{3}},
		"more than there is":        {`{"partialSuccess":{"rejectedLogRecords":"9"}}`, []int{0, 1, 2, 3}},
		"in the schema's own names": {`{"partial_success":{"rejected_log_records":"2","error_message":"too old"}}`, []int{2, 3}},
		"no JSON":                   {"ok", nil},
	} {
		t.Run(name, func(t *testing.T) {
			server := script(t, answering(test.answer))
			core := post(t, server.Server, httpcore.OTLP(httpcore.OTLPConfig{JSON: true,
				Resource: []zapcore.Field{zap.String("service.name", "shop"), zap.Int("n", 1)}, Scope: "zap", ScopeVersion: "1"}), nil)
			n, err := core.WriteBatch(batchOf(t, "a", "b", "c", "d"))
			require.Equal(t, 4, n, "no part of a partial success is sent again")
			if test.refused == nil {
				require.NoError(t, err)
			} else {
				var rejected *base.RejectedError
				require.ErrorAs(t, err, &rejected)
				require.Equal(t, test.refused, rejected.Indexes)
			}
			require.Equal(t, base.Stats{Accepted: uint64(4 - len(test.refused)), Delivered: uint64(4 - len(test.refused)), Refused: uint64(len(test.refused))}, core.Stats())
			bodies, _ := server.seen()
			require.Len(t, bodies, 1)
			var body struct {
				ResourceLogs []struct {
					Resource  json.RawMessage
					ScopeLogs []struct {
						Scope      json.RawMessage
						LogRecords []json.RawMessage
					}
				}
			}
			require.NoError(t, json.Unmarshal([]byte(bodies[0]), &body), bodies[0])
			logs := body.ResourceLogs[0]
			require.JSONEq(t, `{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},{"key":"n","value":{"intValue":"1"}}]}`, string(logs.Resource))
			require.JSONEq(t, `{"name":"zap","version":"1"}`, string(logs.ScopeLogs[0].Scope))
			require.Len(t, logs.ScopeLogs[0].LogRecords, 4)
		})
	}
}

func TestMapRecord(t *testing.T) {
	server, seen := capture(t)
	core, err := httpcore.New(httpcore.Config{URL: server.URL + "/log", MapRecord: func(ent zapcore.Entry, fields []zapcore.Field) url.Values {
		return url.Values{"text": {ent.Message + "!"}, "field": {fields[0].Key}}
	}})
	require.NoError(t, err)
	defer core.Close()
	require.NoError(t, core.Write(zapcore.Entry{Message: "a b"}, []zapcore.Field{zap.Int("n", 1)}))
	require.Equal(t, "/log?field=n&text=a+b%21", (<-seen).Target)
}

// TestOTLPAnswerWithoutEnd: 2xx says that the records are taken, so that no copy is made of them if the rest of the answer does not come.
func TestOTLPAnswerWithoutEnd(t *testing.T) {
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-protobuf")
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	defer server.Close()
	core, err := httpcore.New(httpcore.Config{URL: server.URL, Envelope: httpcore.OTLP(httpcore.OTLPConfig{}), Timeout: sockets.Brief})
	require.NoError(t, err)
	n, err := core.WriteBatch(batchOf(t, "a", "b"))
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.NoError(t, core.Close())
	require.EqualValues(t, 1, requests.Load())
	require.Equal(t, base.Stats{Accepted: 2, Delivered: 2}, core.Stats())
}
