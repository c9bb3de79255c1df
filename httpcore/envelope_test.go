package httpcore_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
	base "example.com/zaphandlers/zapcore"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 123456789, time.UTC)

// orders returns tapes of n records with the field n.
func orders(t *testing.T, n int) [][]byte {
	var tapes [][]byte
	for i := range n {
		tapes = append(tapes, record(t, zapcore.Entry{Level: zapcore.InfoLevel, Time: noon.Add(time.Duration(i)), Message: "order"}, zap.Int("n", i)))
	}
	return tapes
}

func post(t *testing.T, server *httptest.Server, envelope httpcore.Envelope, change func(*httpcore.Config)) *httpcore.Core {
	return lines(t, server.URL, func(cfg *httpcore.Config) {
		cfg.Encoder, cfg.Envelope, cfg.PlaintextCredentials = nil, envelope, true
		if change != nil {
			change(cfg)
		}
	})
}

// elasticsearch is a _bulk endpoint as the reference describes it: pairs of lines, the last one ended, and an answer of 200
// with a status for each item.
type elasticsearch struct {
	t    *testing.T
	docs map[string]int // by field n: how many there are
	ids  map[string]bool
	busy map[string]int // by n: how often it says 429
	last []string       // n of the last request
}

func (e *elasticsearch) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if !assert.True(e.t, bytes.HasSuffix(body, []byte("\n")), "a _bulk body ends in a newline") ||
		!assert.Equal(e.t, "application/x-ndjson", r.Header.Get("Content-Type")) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	var items []string
	failed := false
	e.last = nil
	in := bufio.NewScanner(bytes.NewReader(body))
	for in.Scan() {
		var action struct {
			Create struct {
				Index string `json:"_index"`
				ID    string `json:"_id"`
			} `json:"create"`
		}
		assert.NoError(e.t, json.Unmarshal(in.Bytes(), &action), in.Text())
		assert.Equal(e.t, "logs-shop", action.Create.Index)
		assert.True(e.t, in.Scan(), "an action has a document")
		var doc map[string]any
		assert.NoError(e.t, json.Unmarshal(in.Bytes(), &doc), in.Text())
		n := fmt.Sprint(doc["n"])
		e.last = append(e.last, n)
		item := `{"create":{"_index":"logs-shop","status":201,"result":"created"}}`
		switch {
		case e.busy[n] > 0:
			e.busy[n]--
			item = `{"create":{"status":429,"error":{"type":"es_rejected_execution_exception"}}}`
			failed = true
		case n == "bad":
			item = `{"create":{"status":400,"error":{"type":"document_parsing_exception","reason":"[1:2] failed to parse field [n]"}}}`
			failed = true
		case action.Create.ID != "" && e.ids[action.Create.ID]:
			item = `{"create":{"status":409,"error":{"type":"version_conflict_engine_exception","reason":"document already exists"}}}`
			failed = true
		default:
			e.docs[n]++
			e.ids[action.Create.ID] = true
			assert.Equal(e.t, "order", doc["message"])
			assert.Equal(e.t, "info", doc["log.level"])
			assert.Contains(e.t, doc["@timestamp"], "2026-11-22T12:00:00.123456")
		}
		items = append(items, item)
	}
	fmt.Fprintf(w, `{"took":3,"errors":%v,"items":[%s]}`, failed, strings.Join(items, ","))
}

func TestElasticsearch(t *testing.T) {
	es := &elasticsearch{t: t, docs: map[string]int{}, ids: map[string]bool{}, busy: map[string]int{"3": 2, "7": 1}}
	server := httptest.NewServer(es)
	defer server.Close()
	core := post(t, server, httpcore.Elasticsearch(httpcore.ElasticsearchConfig{Index: "logs-shop"}), nil)
	tapes := orders(t, 10)
	tapes[5] = record(t, zapcore.Entry{Time: noon, Message: "order"}, zap.String("n", "bad"))

	var batch base.Batch
	for _, tape := range tapes {
		batch.Add(tape)
	}
	n, err := core.WriteBatch(&batch)
	require.Equal(t, 10, n)
	var rejected *base.RejectedError
	require.ErrorAs(t, err, &rejected)
	require.Equal(t, []int{5}, rejected.Indexes)
	require.NotContains(t, err.Error(), "nil", "a reason that is not there is not shown")
	require.ErrorContains(t, rejected, "400 document_parsing_exception: [1:2] failed to parse field [n]")
	var retry *base.RetryError
	require.ErrorAs(t, err, &retry)
	require.Equal(t, []int{3, 7}, retry.Indexes, "only what the cluster was too busy for is tried again")
	require.Equal(t, base.Stats{Accepted: 7, Delivered: 7, Refused: 1}, core.Stats())

	h := holder{core: core}
	h.deliver(t, [][]byte{tapes[3], tapes[7]})
	require.Len(t, es.docs, 9)
	for n, copies := range es.docs {
		assert.Equal(t, 1, copies, n)
	}
	require.Equal(t, []string{"3"}, es.last)
}

func TestElasticsearchIDs(t *testing.T) {
	es := &elasticsearch{t: t, docs: map[string]int{}, ids: map[string]bool{}}
	lost := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if lost { // the documents are stored, the answer does not arrive
			lost = false
			es.ServeHTTP(httptest.NewRecorder(), r)
			hangUp(w, r)
		}
		es.ServeHTTP(w, r)
	}))
	defer server.Close()
	core := post(t, server, httpcore.Elasticsearch(httpcore.ElasticsearchConfig{
		Index: "logs-shop",
		ID:    func(r *base.Record) string { return strconv.FormatInt(r.Entry().Time.UnixNano(), 36) },
	}), func(cfg *httpcore.Config) { cfg.OmitIdempotencyKey = true }) // or net/http itself would send it again
	h := holder{core: core}
	h.deliver(t, orders(t, 10))
	require.Equal(t, 2, h.calls)
	require.Empty(t, h.refused, "409 for an id of ours: it is there")
	require.Len(t, es.docs, 10)
	for n, copies := range es.docs {
		assert.Equal(t, 1, copies, n)
	}
}

func TestElasticsearchAnswersThatSayNothing(t *testing.T) {
	for name, answer := range map[string]string{
		"a proxy's page":       "<html>welcome</html>",
		"no errors":            `{}`,
		"a list":               `["errors",false]`,
		"errors that are null": `{"errors":null}`,
		"errors elsewhere":     `{"items":[{"errors":false}]}`,
		"errors, no items":     `{"errors":true}`,
		"errors, few items":    `{"errors":true,"items":[]}`,
		"an answer cut short":  `{"errors":fal`,
		"cut short before it":  `{"items":[{"create":`,
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, answer) }))
			defer server.Close()
			core := post(t, server, httpcore.Elasticsearch(httpcore.ElasticsearchConfig{}), nil)
			n, err := core.WriteBatch(batchOf(t, "a", "b"))
			require.Zero(t, n, "what nobody confirmed is not delivered")
			var retry *base.RetryError
			require.ErrorAs(t, err, &retry)
		})
	}
}

// A page of HTML with a status of 200, as a proxy sends it to someone who must log in first, is no success.
func TestAPageIsNoAnswer(t *testing.T) {
	for name, envelope := range map[string]httpcore.Envelope{
		"Elasticsearch": httpcore.Elasticsearch(httpcore.ElasticsearchConfig{}),
		"Loki":          httpcore.Loki(httpcore.LokiConfig{}),
		"Splunk":        httpcore.Splunk(httpcore.SplunkConfig{}),
		"OTLP":          httpcore.OTLP(httpcore.OTLPConfig{}),
		"OTLP, JSON":    httpcore.OTLP(httpcore.OTLPConfig{JSON: true}),
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(answering("\ufeff\r\n<!DOCTYPE html><html>please log in</html>"))
			defer server.Close()
			core := post(t, server, envelope, nil)
			n, err := core.WriteBatch(batchOf(t, "a", "b"))
			require.Zero(t, n)
			require.ErrorAs(t, err, new(*base.RetryError))
			require.ErrorContains(t, err, "please log in")
		})
	}
}

// loki is the push endpoint as the reference describes it.
type loki struct {
	t       *testing.T
	streams map[string][][2]string
}

func (l *loki) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	assert.Equal(l.t, "application/json", r.Header.Get("Content-Type"))
	var push struct {
		Streams []struct {
			Stream map[string]string `json:"stream"`
			Values [][2]string       `json:"values"`
		} `json:"streams"`
	}
	body, _ := readBody(r)
	if err := json.Unmarshal(body, &push); !assert.NoError(l.t, err, string(body)) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	for _, s := range push.Streams {
		key := fmt.Sprint(s.Stream) // of a map: sorted
		l.streams[key] = append(l.streams[key], s.Values...)
	}
	w.WriteHeader(http.StatusNoContent)
}

func TestLoki(t *testing.T) {
	l := &loki{t: t, streams: map[string][][2]string{}}
	server := httptest.NewServer(l)
	defer server.Close()
	core := post(t, server, httpcore.Loki(httpcore.LokiConfig{
		Labels:      map[string]string{"app": "shop", "env": `"test"`},
		LabelFields: []string{"http.method", "tenant"},
	}), func(cfg *httpcore.Config) { cfg.Gzip = true })
	h := holder{core: core}
	at := func(nanos int, level zapcore.Level, message string, fields ...zapcore.Field) []byte {
		return record(t, zapcore.Entry{Level: level, Time: noon.Add(time.Duration(nanos)), Message: message}, fields...)
	}
	h.deliver(t, [][]byte{
		at(0, zapcore.InfoLevel, "one", zap.String("tenant", "é\n"), zap.Namespace("http"), zap.String("method", "GET")),
		at(1, zapcore.InfoLevel, "two", zap.String("tenant", "é\n"), zap.Namespace("http"), zap.String("method", "GET")),
		at(2, zapcore.ErrorLevel, "three"),
	})
	nanos := noon.UnixNano()
	require.Equal(t, map[string][][2]string{
		`map[app:shop env:"test" http_method:GET level:info tenant:é` + "\n]": {
			{fmt.Sprint(nanos), `{"msg":"one","tenant":"é\n","http":{"method":"GET"}}`},
			{fmt.Sprint(nanos + 1), `{"msg":"two","tenant":"é\n","http":{"method":"GET"}}`},
		},
		`map[app:shop env:"test" level:error]`: {{fmt.Sprint(nanos + 2), `{"msg":"three"}`}},
	}, l.streams, "nanoseconds are kept, and labels belong to their own record only")
}

// Loki refuses a record with a label of more than 2,048 bytes. It gets none, and the field stays complete in the line.
func TestLokisLabelsAreShort(t *testing.T) {
	e := httpcore.Loki(httpcore.LokiConfig{LabelFields: []string{"tenant"}})
	for value, want := range map[string]string{
		strings.Repeat("x", 2048):          strings.Repeat("x", 2048),
		strings.Repeat("x", 2049):          strings.Repeat("x", 2048),
		strings.Repeat("x", 2047) + "éé":   strings.Repeat("x", 2047),
		strings.Repeat("\xff", 2048):       "\ufffd",
		strings.Repeat("é\xff", 600) + "x": strings.Repeat("é\ufffd", 409) + "é",
	} {
		var r base.Record
		require.NoError(t, r.Capture(zapcore.Entry{Time: noon}, base.Context{}, []zapcore.Field{zap.String("tenant", value)}))
		b, err := e.Formatter.Append(nil, &r)
		require.NoError(t, err)
		var got struct {
			Stream map[string]string
			Values [][2]string
		}
		require.NoError(t, json.Unmarshal(b, &got))
		require.Equal(t, want, got.Stream["tenant"])
		require.GreaterOrEqual(t, len(got.Values[0][1]), len(value), "the line has all of it")
	}
}

// splunk is the event collector as the reference describes it. It takes the events before an invalid one, or does not.
type splunk struct {
	t      *testing.T
	events []string
	took   bool
	busy   int
}

func (s *splunk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	say := func(status int, answer string) {
		w.WriteHeader(status)
		fmt.Fprint(w, answer)
	}
	if r.Header.Get("Authorization") != "Splunk token" {
		say(403, `{"text":"Invalid token","code":4}`)
		return
	}
	if s.busy > 0 {
		s.busy--
		say(503, `{"text":"Server is busy","code":9}`)
		return
	}
	var events []string
	decoder := json.NewDecoder(r.Body)
	decoder.UseNumber()
	for decoder.More() {
		var event struct {
			Time                    json.Number
			Host, SourceType, Index string
			Event                   struct {
				Msg string
				N   any
			}
		}
		if !assert.NoError(s.t, decoder.Decode(&event)) {
			return
		}
		if event.Event.N == "bad" {
			if s.took {
				s.events = append(s.events, events...)
			}
			say(400, fmt.Sprintf(`{"text":"Invalid data format","code":6,"invalid-event-number":%d}`, len(events)))
			return
		}
		assert.Regexp(s.t, `^1795348800\.12345678\d$|^1795348800\.12345679\d$`, event.Time.String())
		assert.Equal(s.t, "web-1 _json main", event.Host+" "+event.SourceType+" "+event.Index)
		events = append(events, fmt.Sprint(event.Event.N))
	}
	s.events = append(s.events, events...)
	say(200, `{"text":"Success","code":0}`)
}

func TestSplunk(t *testing.T) {
	for _, took := range []bool{false, true} {
		t.Run(fmt.Sprintf("takes what is before an invalid event: %v", took), func(t *testing.T) {
			s := &splunk{t: t, took: took, busy: 2}
			server := httptest.NewServer(s)
			defer server.Close()
			core := post(t, server, httpcore.Splunk(httpcore.SplunkConfig{Host: "web-1", SourceType: "_json", Index: "main"}),
				func(cfg *httpcore.Config) { cfg.Token = "token" })
			tapes := orders(t, 6)
			tapes[2] = record(t, zapcore.Entry{Time: noon, Message: "order"}, zap.String("n", "bad"))
			h := holder{core: core}
			h.deliver(t, tapes)
			require.Equal(t, [][]byte{tapes[2]}, h.refused)
			want := []string{"0", "1", "3", "4", "5"}
			if took {
				want = append([]string{"0", "1"}, want...)
			}
			require.Equal(t, want, s.events, "none is lost")
		})
	}
}

func TestOwnEnvelope(t *testing.T) {
	server := script(t, status(204))
	core := lines(t, server.URL, func(cfg *httpcore.Config) {
		cfg.Envelope = httpcore.Envelope{ContentType: "text/plain", Before: "<", Between: "|", After: ">"}
	})
	requireTaken(t, core, batchOf(t, "a", "b", "c"))
	require.NoError(t, core.Write(zapcore.Entry{Message: "d"}, nil))
	bodies, _ := server.seen()
	require.Equal(t, []string{"<a|b|c>", "<d>"}, bodies)
}

func TestJSONArray(t *testing.T) {
	server := script(t, status(204))
	core := post(t, server.Server, httpcore.JSONArray(), nil)
	h := holder{core: core}
	h.deliver(t, orders(t, 2))
	bodies, _ := server.seen()
	require.Equal(t, []string{`[{"level":"info","ts":"2026-11-22T12:00:00.123456789Z","msg":"order","n":0},` +
		`{"level":"info","ts":"2026-11-22T12:00:00.12345679Z","msg":"order","n":1}]`}, bodies)
}

// An error names the usual path if the URL has none, as in the endpoint setting of OpenTelemetry's SDKs.
func TestAURLWithoutAPath(t *testing.T) {
	for name, test := range map[string]struct {
		envelope httpcore.Envelope
		path     string
		status   int
		words    string
	}{
		"OTLP":           {httpcore.OTLP(httpcore.OTLPConfig{}), "", 404, "404 Not Found: Config.URL has no path, where most listen at /v1/logs"},
		"Loki":           {httpcore.Loki(httpcore.LokiConfig{}), "/", 404, "Config.URL has no path, where most listen at /loki/api/v1/push"},
		"Splunk":         {httpcore.Splunk(httpcore.SplunkConfig{}), "", 405, "405 Method Not Allowed: Config.URL has no path, where most listen at /services/collector/event"},
		"Elasticsearch":  {httpcore.Elasticsearch(httpcore.ElasticsearchConfig{}), "", 404, "Config.URL has no path, where most listen at /_bulk"},
		"with a path":    {httpcore.OTLP(httpcore.OTLPConfig{}), "/v2/logs", 404, "404 Not Found"},
		"of nobody's":    {httpcore.JSONLines(), "", 404, "404 Not Found"},
		"another answer": {httpcore.OTLP(httpcore.OTLPConfig{}), "", 403, "403 Forbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(test.status) }))
			t.Cleanup(server.Close)
			core := post(t, server, test.envelope, func(cfg *httpcore.Config) { cfg.URL = server.URL + test.path })
			err := core.Write(zapcore.Entry{Message: "m"}, nil)
			require.Error(t, err)
			require.True(t, strings.HasSuffix(err.Error(), test.words), err.Error())
		})
	}
}
