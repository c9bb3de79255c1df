package httpcore_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
)

// A logger whose records go to a web server as forms, as with Python's HTTPHandler.
func ExampleNew() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form := r.URL.Query()
		fmt.Println(r.Method, r.URL.Path, form.Get("levelname"), form.Get("msg"), form.Get("order"))
	}))
	defer server.Close()

	core, err := httpcore.New(httpcore.Config{
		Host: server.Listener.Addr().String(),
		URL:  "/log",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer core.Close()
	zap.New(core).Warn("the order is late", zap.Int("order", 7))
	// Output: GET /log WARNING the order is late 7
}

// Records for Loki, with the service and the tenant as labels.
func ExampleLoki() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Println(r.URL.Path, string(body))
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()

	core, err := httpcore.New(httpcore.Config{
		URL: server.URL + "/loki/api/v1/push",
		Envelope: httpcore.Loki(httpcore.LokiConfig{
			Labels:      map[string]string{"service": "shop"},
			LabelFields: []string{"tenant"},
		}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer core.Close()
	if err := core.Write(zapcore.Entry{Time: noon, Message: "paid"}, []zapcore.Field{zap.String("tenant", "acme")}); err != nil {
		fmt.Println(err)
	}
	// Output: /loki/api/v1/push {"streams":[{"stream":{"level":"info","service":"shop","tenant":"acme"},"values":[["1795348800123456789","{\"msg\":\"paid\",\"tenant\":\"acme\"}"]]}]}
}

// anyID is an id that differs with each record.
var anyID = regexp.MustCompile(`"_id":"\w+"`)

// show writes one record to a server that prints what it gets and gives this answer.
func show(answer string, cfg httpcore.Config, path string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Println(r.Method, r.URL.Path, r.Header.Get("Content-Type"))
		fmt.Println(strings.TrimSpace(anyID.ReplaceAllString(string(body), `"_id":"..."`)))
		_, _ = io.WriteString(w, answer)
	}))
	defer server.Close()
	cfg.URL = server.URL + path
	core, err := httpcore.New(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer core.Close()
	if err := core.Write(zapcore.Entry{Time: noon, Message: "paid"}, []zapcore.Field{zap.String("tenant", "acme")}); err != nil {
		fmt.Println(err)
	}
}

// Documents with the names of the Elastic Common Schema. Each keeps its id when it is sent again, and the answer is judged item by item.
func ExampleElasticsearch() {
	show(`{"errors":false,"items":[{"create":{"status":201}}]}`,
		httpcore.Config{Envelope: httpcore.Elasticsearch(httpcore.ElasticsearchConfig{})}, "/logs-shop/_bulk")
	// Output:
	// POST /logs-shop/_bulk application/x-ndjson
	// {"create":{"_id":"..."}}
	// {"log.level":"info","@timestamp":"2026-11-22T12:00:00.123456789Z","message":"paid","tenant":"acme"}
}

// One event per record. Over http New would refuse the token without PlaintextCredentials.
func ExampleSplunk() {
	show(`{"text":"Success","code":0}`, httpcore.Config{
		Envelope:             httpcore.Splunk(httpcore.SplunkConfig{Source: "shop"}),
		Token:                "11111111-2222-3333-4444-555555555555",
		PlaintextCredentials: true,
	}, "/services/collector/event")
	// Output:
	// POST /services/collector/event application/json
	// {"time":1795348800.123456789,"source":"shop","event":{"level":"info","msg":"paid","tenant":"acme"}}
}

// Fields are attributes, with their types.
func ExampleOTLP() {
	show(`{}`, httpcore.Config{
		Envelope: httpcore.OTLP(httpcore.OTLPConfig{JSON: true, Resource: []zapcore.Field{zap.String("service.name", "shop")}}),
	}, "/v1/logs")
	// Output:
	// POST /v1/logs application/json
	// {"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeLogs":[{"scope":{"name":""},"logRecords":[{"timeUnixNano":"1795348800123456789","observedTimeUnixNano":"1795348800123456789","severityNumber":9,"severityText":"info","body":{"stringValue":"paid"},"attributes":[{"key":"tenant","value":{"stringValue":"acme"}}]}]}]}]}
}

// Any encoder's records, one per line.
func ExampleJSONLines() {
	show("", httpcore.Config{
		Envelope: httpcore.JSONLines(),
		Encoder:  zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "msg"}),
	}, "/log")
	// Output:
	// POST /log application/x-ndjson
	// {"msg":"paid","tenant":"acme"}
}

// An Envelope of your own: the server takes an object with a list, and its answer says what it could not read.
func ExampleEnvelope() {
	show(`{"accepted":0}`, httpcore.Config{
		Envelope: httpcore.Envelope{
			ContentType: "application/json",
			Before:      `{"records":[`, Between: ",", After: "]}",
			Read: func(a *httpcore.Answer) error {
				if err := a.Err(); err != nil {
					return err
				}
				if !strings.Contains(string(a.Body), fmt.Sprintf(`"accepted":%d`, a.Records)) {
					return a.Reject(fmt.Errorf("the server says %s", a.Body))
				}
				return nil
			},
		},
		Encoder: zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "msg"}),
	}, "/log")
	// Output:
	// POST /log application/json
	// {"records":[{"msg":"paid","tenant":"acme"}]}
	// 1 record rejected: the server says {"accepted":0}
}
