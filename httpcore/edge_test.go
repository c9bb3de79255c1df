package httpcore_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
)

var (
	ancient = time.Date(-400, 1, 1, 0, 0, 0, 0, time.UTC)
	moon    = time.Date(1969, 7, 20, 20, 17, 40, 5e8, time.UTC)
	distant = time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC)
	beyond  = time.Date(12345, 1, 1, 0, 0, 0, 0, time.UTC)
	last    = time.Unix(math.MaxInt64, 0).UTC()
	// Zones that RFC 3339, or a reader of it, does not have: with seconds, and farther from UTC than 18 hours.
	amsterdam = time.Date(1920, 1, 1, 0, 0, 0, 0, time.FixedZone("AMT", 19*60+32))
	far       = time.Date(2026, 11, 22, 12, 0, 0, 0, time.FixedZone("far", 26*3600))
	far2      = time.Date(2026, 11, 22, 12, 0, 0, 0, time.FixedZone("far", -19*3600))
)

// Each format says what a time can be. One that it cannot say is clamped or left out, and wraps in none.
func TestTimesAtTheEdge(t *testing.T) {
	bulk := func(text string) string {
		_, doc, _ := strings.Cut(text, "\n")
		var d map[string]any
		require.NoError(t, json.Unmarshal([]byte(doc), &d))
		return fmt.Sprint(d["@timestamp"], " ", d["t"])
	}
	loki := func(text string) string {
		var s struct{ Values [][2]string }
		require.NoError(t, json.Unmarshal([]byte(text), &s))
		var line map[string]any
		require.NoError(t, json.Unmarshal([]byte(s.Values[0][1]), &line))
		return fmt.Sprint(s.Values[0][0], " ", line["t"])
	}
	splunk := func(text string) string {
		var e struct {
			Time  json.Number
			Event map[string]any
		}
		require.NoError(t, json.Unmarshal([]byte(text), &e))
		return fmt.Sprint(e.Time, " ", e.Event["t"])
	}
	for name, test := range map[string]struct {
		envelope httpcore.Envelope
		read     func(string) string
		want     map[time.Time]string
	}{
		"Elasticsearch": {httpcore.Elasticsearch(httpcore.ElasticsearchConfig{}), bulk, map[time.Time]string{
			noon: "2026-11-22T12:00:00.123456789Z 2026-11-22T12:00:00.123456789Z", moon: "1969-07-20T20:17:40.5Z 1969-07-20T20:17:40.5Z",
			ancient: "0000-01-01T00:00:00Z 0000-01-01T00:00:00Z", distant: "2300-01-01T00:00:00Z 2300-01-01T00:00:00Z",
			beyond: "9999-12-31T23:59:59.999999999Z 9999-12-31T23:59:59.999999999Z", last: "9999-12-31T23:59:59.999999999Z 9999-12-31T23:59:59.999999999Z",
			amsterdam: "1919-12-31T23:40:28Z 1919-12-31T23:40:28Z", far: "2026-11-21T10:00:00Z 2026-11-21T10:00:00Z", far2: "2026-11-23T07:00:00Z 2026-11-23T07:00:00Z",
		}},
		"Loki": {httpcore.Loki(httpcore.LokiConfig{}), loki, map[time.Time]string{
			noon: "1795348800123456789 2026-11-22T12:00:00.123456789Z", moon: "-14182939500000000 1969-07-20T20:17:40.5Z",
			ancient: "-9223372036854775808 0000-01-01T00:00:00Z", distant: "9223372036854775807 2300-01-01T00:00:00Z",
			beyond: "9223372036854775807 9999-12-31T23:59:59.999999999Z", last: "9223372036854775807 9999-12-31T23:59:59.999999999Z",
		}},
		"Splunk": {httpcore.Splunk(httpcore.SplunkConfig{Host: "h"}), splunk, map[time.Time]string{
			noon: "1795348800.123456789 2026-11-22T12:00:00.123456789Z", moon: "0.000000000 1969-07-20T20:17:40.5Z",
			ancient: "0.000000000 0000-01-01T00:00:00Z", distant: "10413792000.000000000 2300-01-01T00:00:00Z",
			beyond: "253402300799.999999999 9999-12-31T23:59:59.999999999Z", {}: " 0001-01-01T00:00:00Z",
		}},
	} {
		for at, want := range test.want {
			got := test.read(appended(t, test.envelope.Formatter, zapcore.Entry{Time: at}, zap.Time("t", at)))
			require.Equal(t, want, got, "%s, %v", name, at)
		}
	}
	began := time.Now()
	at, err := time.Parse(time.RFC3339Nano, strings.Fields(bulk(once(t, httpcore.Elasticsearch(httpcore.ElasticsearchConfig{}), zapcore.Entry{})))[0])
	require.NoError(t, err)
	require.WithinRange(t, at, began.Add(-time.Second), time.Now().Add(time.Second), "a data stream needs a time")
	var nanos int64
	_, err = fmt.Sscan(loki(once(t, httpcore.Loki(httpcore.LokiConfig{}), zapcore.Entry{})), &nanos)
	require.NoError(t, err)
	require.WithinRange(t, time.Unix(0, nanos), began.Add(-time.Second), time.Now().Add(time.Second))
	for _, cfg := range []httpcore.SplunkConfig{{}, {Host: "h"}} {
		require.NotContains(t, once(t, httpcore.Splunk(cfg), zapcore.Entry{}), "time", "the collector has one")
	}
}

// once is appended for what differs with the time of day.
func once(t *testing.T, e httpcore.Envelope, ent zapcore.Entry) string {
	var c text
	core, err := httpcore.New(httpcore.Config{URL: "http://h/", Envelope: httpcore.Envelope{ContentType: "x", Formatter: e.Formatter}, Client: &http.Client{Transport: &c}})
	require.NoError(t, err)
	require.NoError(t, core.Write(ent, nil))
	return string(c)
}

// text is a transport that keeps the last body.
type text string

func (b *text) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	*b = text(body)
	return &http.Response{StatusCode: 200, Body: http.NoBody, Header: http.Header{}, Request: r}, err
}

// Numbers are exact, whichever way they came.
func TestNumbersAtTheEdge(t *testing.T) {
	fields := []zapcore.Field{zap.Int64("min", math.MinInt64), zap.Uint64("max", math.MaxUint64),
		zap.Reflect("r", map[string]any{"a": int64(math.MinInt64), "b": uint64(math.MaxUint64), "c": 1.5, "d": json.Number("1e999")})}
	for name, envelope := range map[string]httpcore.Envelope{
		"JSON lines":    httpcore.JSONLines(),
		"Elasticsearch": httpcore.Elasticsearch(httpcore.ElasticsearchConfig{}),
		"Splunk":        httpcore.Splunk(httpcore.SplunkConfig{}),
		"OTLP, as JSON": httpcore.OTLP(httpcore.OTLPConfig{JSON: true}),
	} {
		for _, more := range [][]zapcore.Field{nil, {zap.Int("r", 1)}} { // the second time under another name
			var c text
			envelope.Read = nil
			core, err := httpcore.New(httpcore.Config{URL: "http://h/", Envelope: envelope, Client: &http.Client{Transport: &c}})
			require.NoError(t, err)
			require.NoError(t, core.Write(zapcore.Entry{Time: noon}, append(more, fields...)))
			for _, number := range []string{"-9223372036854775808", "18446744073709551615", "1.5", "1e999"} {
				require.Contains(t, string(c), number, name)
			}
			require.Equal(t, 2, strings.Count(string(c), "18446744073709551615"), "%s: %s", name, string(c))
		}
	}
}

// Every envelope makes a valid document of every record, whatever its fields are called.
func TestNoFieldPassesForAnother(t *testing.T) {
	names := []string{"", "a", "message", "msg", "log", "log.level", "level", "@timestamp", "ts", "time", "error", "error.message", "error.stack_trace", "_id",
		"_msg", "logger", "caller", "stacktrace", "event", "host", "logger.name", "exception.message", "severity_text", "trace_id", "stream", "tenant"}
	var fields []zapcore.Field
	for i, name := range names {
		fields = append(fields, zap.String(name, fmt.Sprint("text ", i)), zap.Int(name, 1000+i), zap.Dict(name, zap.Int(name, 2000+i)))
	}
	ent := zapcore.Entry{Level: zapcore.ErrorLevel, Time: noon, Message: "the message", LoggerName: "shop", Stack: "s",
		Caller: zapcore.EntryCaller{Defined: true, File: "a.go", Line: 1, Function: "f"}}
	for name, test := range map[string]struct {
		cfg  httpcore.Config
		want []string
	}{
		"JSON lines":              {httpcore.Config{Envelope: httpcore.JSONLines()}, []string{`"msg":"the message"`, `"level":"error"`}},
		"an encoder of one's own": {httpcore.Config{Encoder: zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "event", LineEnding: "\n"})}, []string{`"event":"the message"`}},
		"JSON array":              {httpcore.Config{Envelope: httpcore.JSONArray()}, []string{`"msg":"the message"`}},
		"Elasticsearch":           {httpcore.Config{Envelope: httpcore.Elasticsearch(httpcore.ElasticsearchConfig{})}, []string{`"message":"the message"`, `"log.level":"error"`, `"error.stack_trace":"s"`, `"error.message":"text 10"`}},
		"Elasticsearch, an encoder of one's own": {httpcore.Config{Envelope: httpcore.Elasticsearch(httpcore.ElasticsearchConfig{
			Encoder: zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "log"})})}, []string{`"log":"the message"`}},
		"Loki":          {httpcore.Config{Envelope: httpcore.Loki(httpcore.LokiConfig{LabelFields: []string{"tenant"}})}, []string{`"level":"error"`, `"tenant":"text 25"`}},
		"Splunk":        {httpcore.Config{Envelope: httpcore.Splunk(httpcore.SplunkConfig{})}, []string{`"msg":"the message"`}},
		"OTLP, as JSON": {httpcore.Config{Envelope: httpcore.OTLP(httpcore.OTLPConfig{JSON: true})}, []string{`"body":{"stringValue":"the message"}`, `"key":"exception.message","value":{"stringValue":"text 10"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			var c text
			test.cfg.URL, test.cfg.Client, test.cfg.Envelope.Read = "http://h/", &http.Client{Transport: &c}, nil
			core, err := httpcore.New(test.cfg)
			require.NoError(t, err)
			require.NoError(t, core.With(fields[:9]).Write(ent, fields))
			for _, want := range test.want {
				require.Contains(t, string(c), want)
			}
			for _, line := range strings.Split(strings.TrimSpace(string(c)), "\n") {
				requireNoDuplicates(t, line)
			}
			for i := range names {
				require.Contains(t, string(c), fmt.Sprint("text ", i))
				require.Contains(t, string(c), fmt.Sprint(2000+i))
			}
		})
	}
}

// requireNoDuplicates requires that no object in a text of JSON has a member twice, nor one list of OTLP's a key.
func requireNoDuplicates(t *testing.T, text string) {
	d := json.NewDecoder(strings.NewReader(text))
	var value func() any
	value = func() any {
		token, err := d.Token()
		require.NoError(t, err, text)
		switch token {
		case json.Delim('{'):
			members := map[string]any{}
			for d.More() {
				name, err := d.Token()
				require.NoError(t, err)
				require.NotContains(t, members, name, text)
				members[name.(string)] = value()
			}
			_, _ = d.Token()
			return members
		case json.Delim('['):
			keys := map[any]bool{}
			for d.More() {
				if m, ok := value().(map[string]any); ok && m["key"] != nil {
					require.False(t, keys[m["key"]], "%v of %s", m["key"], text)
					keys[m["key"]] = true
				}
			}
			_, _ = d.Token()
			return nil
		}
		if s, ok := token.(string); ok && strings.HasPrefix(s, "{") { // Loki's line
			requireNoDuplicates(t, s)
		}
		return token
	}
	value()
}

// A header that the user has set is a secret, unless everybody knows that it is none.
func TestHeadersAreSecrets(t *testing.T) {
	for _, name := range []string{"Authorization", "Cookie", "DD-API-KEY", "X-Honeycomb-Team", "Api-Key", "X-Insert-Key", "X-Scope-OrgID", "x-anything", "Proxy-Authorization"} {
		header := http.Header{name: {"k"}}
		_, err := httpcore.New(httpcore.Config{URL: "http://h/", Header: header})
		require.ErrorContains(t, err, "Config.PlaintextCredentials", name)
		require.ErrorContains(t, err, http.CanonicalHeaderKey(name))
		core, err := httpcore.New(httpcore.Config{URL: "https://h/", Header: header})
		require.NoError(t, err)
		require.NoError(t, core.Close())

		reached := false
		other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
		server := httptest.NewServer(status(307, "Location", other.URL))
		_, err = lines(t, server.URL, func(cfg *httpcore.Config) {
			cfg.FollowRedirects, cfg.PlaintextCredentials, cfg.Header = true, true, header
		}).WriteBatch(batchOf(t, "a"))
		require.ErrorContains(t, err, "307", name)
		require.False(t, reached)
		server.Close()
		other.Close()
	}
	for _, name := range []string{"Accept", "User-Agent", "content-type", "Traceparent", "X-Request-ID"} {
		core, err := httpcore.New(httpcore.Config{URL: "http://h/", Header: http.Header{name: {"x"}}})
		require.NoError(t, err)
		require.NoError(t, core.Close())
	}
}
