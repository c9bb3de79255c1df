package http

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/contrib/bridges/otelzap"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
)

// collector is OTLP's receiver as OpenTelemetry's collector has it: the same decoders, and an answer in the encoding of the
// request.
type collector struct {
	*httptest.Server
	t *testing.T

	mu   sync.Mutex // guards logs
	logs []plog.Logs
}

func collect(t *testing.T) *collector {
	c := &collector{t: t}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	assert.Equal(c.t, "/v1/logs", r.URL.Path)
	in := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		var err error
		in, err = gzip.NewReader(r.Body)
		assert.NoError(c.t, err)
	}
	body, err := io.ReadAll(in)
	assert.NoError(c.t, err)
	request, answer := plogotlp.NewExportRequest(), plogotlp.NewExportResponse()
	var out []byte
	switch kind := r.Header.Get("Content-Type"); kind {
	case "application/json":
		assert.NoError(c.t, request.UnmarshalJSON(body), string(body))
		out, err = answer.MarshalJSON()
	case "application/x-protobuf":
		assert.NoError(c.t, request.UnmarshalProto(body))
		out, err = answer.MarshalProto()
	default:
		assert.Fail(c.t, "content type "+kind)
	}
	assert.NoError(c.t, err)
	c.mu.Lock()
	c.logs = append(c.logs, request.Logs())
	c.mu.Unlock()
	w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
	_, _ = w.Write(out)
}

// only returns the one record of the one request that came, and where it lay.
func (c *collector) only() (plog.ResourceLogs, plog.ScopeLogs, plog.LogRecord) {
	c.mu.Lock()
	defer c.mu.Unlock()
	require.Len(c.t, c.logs, 1)
	require.Equal(c.t, 1, c.logs[0].LogRecordCount())
	resource := c.logs[0].ResourceLogs().At(0)
	scope := resource.ScopeLogs().At(0)
	c.logs = nil
	return resource, scope, scope.LogRecords().At(0)
}

func TestSameRecordAsOpenTelemetry(t *testing.T) {
	caller := zapcore.EntryCaller{Defined: true, File: "/src/shop/orders.go", Line: 42, Function: "example.com/shop.(*Server).deliver"}
	tests := []struct {
		name   string
		ent    zapcore.Entry
		fields []zapcore.Field
	}{
		{"a message", zapcore.Entry{Level: zapcore.InfoLevel, Time: noon, Message: "späte \"Lieferung\" ✓\n\x00"}, nil},
		{"a caller", zapcore.Entry{Level: zapcore.WarnLevel, Time: noon, Caller: caller}, nil},
		{"a stack", zapcore.Entry{Level: zapcore.ErrorLevel, Time: noon, Caller: caller, Stack: "deliver\n\t/src/shop/orders.go:42"}, nil},
		{"debug", zapcore.Entry{Level: zapcore.DebugLevel, Time: noon}, nil},
		{"dpanic", zapcore.Entry{Level: zapcore.DPanicLevel, Time: noon}, nil},
		{"panic", zapcore.Entry{Level: zapcore.PanicLevel, Time: noon}, nil},
		{"fatal", zapcore.Entry{Level: zapcore.FatalLevel, Time: noon}, nil},
		{"numbers", zapcore.Entry{Time: noon}, []zapcore.Field{
			zap.Int("int", -1), zap.Int64("int64", math.MinInt64), zap.Int32("int32", 2), zap.Int16("int16", 3), zap.Int8("int8", 4),
			zap.Uint("uint", 5), zap.Uint64("uint64", math.MaxInt64), zap.Uint32("uint32", 6), zap.Uint16("uint16", 7), zap.Uint8("uint8", 8),
			zap.Uintptr("uintptr", 9), zap.Float64("float64", 1e300), zap.Float64("whole", 2), zap.Float32("float32", 0.1),
			zap.Float64("inf", math.Inf(-1)), zap.Complex128("complex128", 1+2i), zap.Complex64("complex64", 0.5-2i),
		}},
		{"texts, bytes, truth, times", zapcore.Entry{Time: noon}, []zapcore.Field{
			zap.String("string", "a"), zap.ByteString("bytestring", []byte("é")), zap.Binary("binary", []byte{0xff, 0, 1}),
			zap.Bool("true", true), zap.Bool("false", false), zap.Duration("duration", time.Second), zap.Time("time", noon),
		}},
		{"arrays, objects, namespaces", zapcore.Entry{Time: noon}, []zapcore.Field{
			zap.Strings("strings", []string{"x", "y"}), zap.Bools("bools", []bool{true}), zap.Durations("durations", []time.Duration{1}),
			zap.Dict("dict", zap.Int("n", 1), zap.Namespace("inner"), zap.String("s", "t")),
			zap.Namespace("space"), zap.Int("n", 2), zap.Namespace("deeper"), zap.Int("n", 3),
		}},
		{"a reflected value", zapcore.Entry{Time: noon}, []zapcore.Field{zap.Reflect("r", map[string]any{"a": []any{"x", 2.5, true}, "b": "y"})}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := collect(t)
			byOpenTelemetry(t, server.URL, test.ent, test.fields)
			resource, scope, want := server.only()
			byUs(t, server.URL, test.ent, test.fields)
			ourResource, ourScope, ours := server.only()

			require.Equal(t, resource.Resource().Attributes().AsRaw(), ourResource.Resource().Attributes().AsRaw())
			require.Equal(t, scope.Scope().Name(), ourScope.Scope().Name())
			require.Equal(t, scope.Scope().Version(), ourScope.Scope().Version())
			require.Equal(t, want.Timestamp(), ours.Timestamp())
			require.Equal(t, want.SeverityNumber(), ours.SeverityNumber())
			require.Equal(t, want.SeverityText(), ours.SeverityText())
			require.Equal(t, want.Body().AsRaw(), ours.Body().AsRaw())
			require.Equal(t, want.Attributes().AsRaw(), ours.Attributes().AsRaw())
			require.Equal(t, noon.UnixNano(), ours.ObservedTimestamp().AsTime().UnixNano())
		})
	}
}

func byUs(t *testing.T, url string, ent zapcore.Entry, fields []zapcore.Field) {
	core, err := httpcore.New(httpcore.Config{
		URL:  url + "/v1/logs",
		Gzip: true,
		Envelope: httpcore.OTLP(httpcore.OTLPConfig{
			Resource: []zapcore.Field{zap.String("service.name", "shop"), zap.Int("service.port", 8080)},
			Scope:    "zaphandlers", ScopeVersion: "1.2",
		}),
	})
	require.NoError(t, err)
	require.NoError(t, core.Write(ent, fields))
	require.NoError(t, core.Close())
}

func byOpenTelemetry(t *testing.T, url string, ent zapcore.Entry, fields []zapcore.Field) {
	ctx := context.Background()
	exporter, err := otlploghttp.New(ctx, otlploghttp.WithEndpointURL(url+"/v1/logs"))
	require.NoError(t, err)
	provider := sdklog.NewLoggerProvider(
		sdklog.WithProcessor(sdklog.NewSimpleProcessor(exporter)),
		sdklog.WithResource(resource.NewSchemaless(attribute.String("service.name", "shop"), attribute.Int("service.port", 8080))),
	)
	core := otelzap.NewCore("zaphandlers", otelzap.WithLoggerProvider(provider), otelzap.WithVersion("1.2"))
	require.NoError(t, core.Write(ent, fields))
	require.NoError(t, provider.Shutdown(ctx))
}

// Where we differ from the bridge, on purpose.
func TestDifferencesFromOpenTelemetry(t *testing.T) {
	server := collect(t)
	ent := zapcore.Entry{Time: noon, LoggerName: "shop.orders", Stack: "s"}
	fields := []zapcore.Field{zap.Uint64("large", math.MaxUint64), zap.Error(errors.New("broken")), zap.String("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"),
		zap.String("span_id", "00f067aa0ba902b7"), zap.String("", "no key")}
	byOpenTelemetry(t, server.URL, ent, fields)
	_, scope, theirs := server.only()
	byUs(t, server.URL, ent, fields)
	_, _, ours := server.only()

	require.Equal(t, "shop.orders", scope.Scope().Name())
	require.Equal(t, float64(math.MaxUint64), theirs.Attributes().AsRaw()["large"])
	require.Equal(t, map[string]any{
		"logger.name":          "shop.orders",          // theirs is the scope; a batch of ours has one scope
		"large":                "18446744073709551615", // theirs is a double, which cannot hold it
		"exception.message":    "broken",
		"exception.type":       "*errors.errorString",
		"exception.stacktrace": "s",
		"_":                    "no key", // the SDK drops it, and a key must not be empty
	}, ours.Attributes().AsRaw())
	for _, same := range []string{"exception.message", "exception.type", "exception.stacktrace"} {
		require.Equal(t, theirs.Attributes().AsRaw()[same], ours.Attributes().AsRaw()[same])
	}
	require.Equal(t, "4bf92f3577b34da6a3ce929d0e0e4736", ours.TraceID().String(), "theirs is an attribute: it knows only a context")
	require.Equal(t, "00f067aa0ba902b7", ours.SpanID().String())
}
