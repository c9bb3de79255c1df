package httpcore_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
	"example.com/zaphandlers/internal/peers"
	base "example.com/zaphandlers/zapcore"
)

// sink is a server that reads everything and answers 204.
func sink(b *testing.B) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusNoContent)
	}))
	b.Cleanup(server.Close)
	return server
}

// plainPost is what net/http needs for one body that is ready: the yardstick.
func plainPost(b *testing.B, client *http.Client, url string, body []byte) {
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	resp, err := client.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
}

var benchEntry = zapcore.Entry{Level: zapcore.InfoLevel, Time: noon, Message: "request served"}

// ready returns the body that a core posts for n records.
func ready(b *testing.B, n int) []byte {
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { body, _ = io.ReadAll(r.Body) }))
	defer server.Close()
	core := jsonLines(b, server.URL)
	if _, err := core.WriteBatch(copies(b, n)); err != nil {
		b.Fatal(err)
	}
	return body
}

func jsonLines(t testing.TB, url string) *httpcore.Core {
	core, err := httpcore.New(httpcore.Config{URL: url, Envelope: httpcore.JSONLines()})
	require.NoError(t, err)
	t.Cleanup(func() { _ = core.Close() })
	return core
}

func copies(t testing.TB, n int) *base.Batch {
	tape := record(t, benchEntry, tenFields...)
	var batch base.Batch
	for range n {
		batch.Add(tape)
	}
	return &batch
}

// BenchmarkOneRecord is one POST a record: formatted and posted by a core, and net/http with the bytes ready made.
func BenchmarkOneRecord(b *testing.B) {
	b.Run("net/http", func(b *testing.B) {
		server, body := sink(b), ready(b, 1)
		client := &http.Client{Transport: &http.Transport{}, Timeout: 5 * time.Second}
		b.ReportAllocs()
		for b.Loop() {
			plainPost(b, client, server.URL, body)
		}
	})
	b.Run("httpcore", func(b *testing.B) {
		core := jsonLines(b, sink(b).URL)
		b.ReportAllocs()
		for b.Loop() {
			if err := core.Write(benchEntry, tenFields); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("httpcore form", func(b *testing.B) {
		core, err := httpcore.New(httpcore.Config{URL: sink(b).URL, Method: "POST"})
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			if err := core.Write(benchEntry, tenFields); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Python HTTPHandler", func(b *testing.B) {
		python := peers.Python(b, "")
		server := sink(b)
		b.ResetTimer()
		out, err := exec.Command(python, "-c", fmt.Sprintf(pythonLoop, server.Listener.Addr(), b.N)).CombinedOutput()
		if err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		var perRecord float64
		_, err = fmt.Sscan(string(out), &perRecord)
		require.NoError(b, err)
		b.ReportMetric(perRecord, "ns/op")
	})
}

// pythonLoop says how long one record takes, without the start of the interpreter.
const pythonLoop = `
import logging, logging.handlers, time
handler = logging.handlers.HTTPHandler(%q, '/log', 'POST')
fields = dict(method='GET', path='/api/v1/orders/12345', status=200, bytes=51234, elapsed=0.001234567,
    remote='192.0.2.17:51234', request_id='6f1c2a4e-9b1d', agent='curl/8.5.0', cached=True, load=0.75)
logger = logging.getLogger('shop'); logger.setLevel('INFO'); logger.propagate = False; logger.addHandler(handler)
n = %d
begin = time.perf_counter_ns()
for _ in range(n):
    logger.info('request served', extra=fields)
print((time.perf_counter_ns() - begin) / n)
`

// BenchmarkBatch is batches of 1,000 records; a turn is a record.
func BenchmarkBatch(b *testing.B) {
	const n = 1000
	perRecord := func(b *testing.B, post func()) {
		b.ReportAllocs()
		b.SetBytes(int64(len(ready(b, 1))))
		b.ResetTimer()
		for done := 0; done < b.N; done += n {
			post()
		}
	}
	b.Run("net/http", func(b *testing.B) {
		server, body := sink(b), ready(b, n)
		client := &http.Client{Transport: &http.Transport{}, Timeout: 5 * time.Second}
		perRecord(b, func() { plainPost(b, client, server.URL, body) })
	})
	b.Run("httpcore of the same bytes", func(b *testing.B) {
		body := ready(b, 1)
		core, err := httpcore.New(httpcore.Config{URL: sink(b).URL, Formatter: readyMade(body)})
		require.NoError(b, err)
		defer core.Close()
		batch := copies(b, n)
		perRecord(b, func() {
			if _, err := core.WriteBatch(batch); err != nil {
				b.Fatal(err)
			}
		})
	})
	b.Run("net/http after zap's encoder", func(b *testing.B) {
		server, batch, encode := sink(b), copies(b, n), encodeAll()
		client := &http.Client{Transport: &http.Transport{}}
		perRecord(b, func() { plainPost(b, client, server.URL, encode(batch)) })
	})
	envelopes := []struct {
		name     string
		envelope httpcore.Envelope
		gzip     bool
	}{
		{"JSON lines", httpcore.JSONLines(), false},
		{"JSON lines gzip", httpcore.JSONLines(), true},
		{"Loki", httpcore.Loki(httpcore.LokiConfig{LabelFields: []string{"method"}}), false},
		{"Splunk", httpcore.Splunk(httpcore.SplunkConfig{}), false},
		{"OTLP", httpcore.OTLP(httpcore.OTLPConfig{}), false},
	}
	for _, e := range envelopes {
		b.Run("httpcore "+e.name, func(b *testing.B) {
			core, err := httpcore.New(httpcore.Config{URL: sink(b).URL, Envelope: e.envelope, Gzip: e.gzip})
			require.NoError(b, err)
			defer core.Close()
			batch := copies(b, n)
			perRecord(b, func() {
				if _, err := core.WriteBatch(batch); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

// BenchmarkRatios takes turns, so that what else the machine does disturbs both alike, and reports how many times as long as
// net/http alone the core takes, by medians.
func BenchmarkRatios(b *testing.B) {
	client := &http.Client{Transport: &http.Transport{}, Timeout: 5 * time.Second}
	server := sink(b)
	one, thousand := ready(b, 1), ready(b, 1000)
	core := jsonLines(b, server.URL)
	copying, err := httpcore.New(httpcore.Config{URL: server.URL, Formatter: readyMade(one)})
	require.NoError(b, err)
	defer copying.Close()
	batch, single := copies(b, 1000), copies(b, 1)
	write := func(core *httpcore.Core, batch *base.Batch) func() {
		return func() {
			if _, err := core.WriteBatch(batch); err != nil {
				b.Fatal(err)
			}
		}
	}
	encoder := encodeAll()
	compare := func(name string, plain, ours func()) {
		b.Run(name, func(b *testing.B) {
			var times [2][]float64
			for b.Loop() {
				for i, do := range []func(){plain, ours} {
					begin := time.Now()
					do()
					times[i] = append(times[i], float64(time.Since(begin)))
				}
			}
			for i := range times {
				slices.Sort(times[i])
			}
			a, o := times[0][len(times[0])/2], times[1][len(times[1])/2]
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(a, "ns-plain")
			b.ReportMetric(o, "ns-ours")
			b.ReportMetric(o/a, "times-as-long")
		})
	}
	compare("one record of ready bytes", func() { plainPost(b, client, server.URL, one) }, write(copying, single))
	compare("one record", func() { plainPost(b, client, server.URL, encoder(single)) }, func() {
		if err := core.Write(benchEntry, tenFields); err != nil {
			b.Fatal(err)
		}
	})
	compare("batch of ready bytes", func() { plainPost(b, client, server.URL, thousand) }, write(copying, batch))
	compare("batch", func() { plainPost(b, client, server.URL, encoder(batch)) }, write(core, batch))
	compare("batch against ready bytes", func() { plainPost(b, client, server.URL, thousand) }, write(core, batch))
}

// encodeAll is zap's JSON encoder over a batch, as people do it by hand.
func encodeAll() func(*base.Batch) []byte {
	cfg := zap.NewProductionEncoderConfig()
	cfg.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	encoder := zapcore.NewJSONEncoder(cfg)
	var body []byte
	return func(batch *base.Batch) []byte {
		body = body[:0]
		for i := range batch.Len() {
			line, err := batch.At(i).Encode(encoder)
			if err != nil {
				panic(err)
			}
			body = append(body, line.Bytes()...)
			line.Free()
		}
		return body
	}
}

// readyMade is a Formatter that has its work behind it.
type readyMade []byte

func (f readyMade) Append(dst []byte, _ *base.Record) ([]byte, error) { return append(dst, f...), nil }
