package http

import (
	"testing"

	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/benchmarks/suite"
	"example.com/zaphandlers/httpcore"
	base "example.com/zaphandlers/zapcore"
)

// Suite is the benchmarks of this package.
var Suite = suite.Suite{Name: "HTTP", Tables: []suite.Table{posts(), formats(), exports()}, Bounds: bounds}

const batchSize = 1000

// envelopes are those that are posted and formatted, all for the same records.
var envelopes = []struct {
	name     string
	envelope httpcore.Envelope
	answer   string // of the server
}{
	{"Elasticsearch", httpcore.Elasticsearch(httpcore.ElasticsearchConfig{Index: "shop"}), bulkAnswer(batchSize)},
	{"Loki", httpcore.Loki(httpcore.LokiConfig{LabelFields: []string{"method"}}), ""},
	{"Splunk", httpcore.Splunk(httpcore.SplunkConfig{}), `{"text":"Success","code":0}`},
	{"OTLP", httpcore.OTLP(httpcore.OTLPConfig{}), ""},
	{"OTLP in JSON", httpcore.OTLP(httpcore.OTLPConfig{JSON: true}), `{"partialSuccess":{}}`},
}

// Operations a turn, for a turn of a fifth of a second.
const (
	single  = 10_000  // records, one a request
	encoded = 250_000 // records that are encoded
	copied  = 2_000_000
)

// posts is a record's share of a request. It is one table, so that one record a request can be compared with a thousand.
func posts() suite.Table {
	lines := httpcore.Config{Envelope: httpcore.JSONLines()}
	zipped := lines
	zipped.Gzip = true
	t := suite.Table{Name: "post", N: encoded, Rows: []suite.Row{
		row("one, net/http ready-made", single, 1, "", byPlain(lines)),
		row("one, httpcore JSON", single, 1, "", byCore(lines)),
		row("one, url.Values and net/http", single, 1, "", byValues),
		row("one, httpcore form", single, 1, "", byCore(httpcore.Config{Method: "POST"})),
		row("one, zap's encoder and net/http", single, 1, "", byEncoder(false)),
		{Name: "one, Python HTTPHandler", N: 500, Run: python},
		row("1,000, net/http ready-made", copied, batchSize, "", byPlain(ready())),
		row("1,000, httpcore ready-made", copied, batchSize, "", byCore(ready())),
		row("1,000, zap's encoder and net/http", encoded, batchSize, "", byEncoder(false)),
		row("1,000, httpcore JSON lines", encoded, batchSize, "", byCore(lines)),
		row("1,000 gzip, zap's encoder and net/http", encoded, batchSize, "", byEncoder(true)),
		row("1,000 gzip, httpcore JSON lines", encoded, batchSize, "", byCore(zipped)),
	}}
	for _, e := range envelopes {
		cfg := httpcore.Config{Envelope: e.envelope}
		t.Rows = append(t.Rows,
			row("1,000, net/http "+e.name+" ready-made", copied/2, batchSize, e.answer, byPlain(cfg)),
			row("1,000, httpcore "+e.name, encoded, batchSize, e.answer, byCore(cfg)))
	}
	t.Rows = append(t.Rows, suite.Row{Name: otlpInTurns, N: encoded, Run: suite.InTurns(
		suite.Side{Ops: batchSize, Open: batches(httpcore.OTLPConfig{}, "")},
		suite.Side{Ops: batchSize, Open: batches(httpcore.OTLPConfig{JSON: true}, `{"partialSuccess":{}}`)},
	)})
	return t
}

const otlpInTurns = "1,000, httpcore OTLP and OTLP in JSON in turns"

// batches posts a batch with each call.
func batches(cfg httpcore.OTLPConfig, answer string) func(b *testing.B) (func() error, error) {
	return func(b *testing.B) (func() error, error) {
		server := serve(answer)
		b.Cleanup(server.Close)
		batch, err := recorded(batchSize)
		if err != nil {
			return nil, err
		}
		post, done, err := byCore(httpcore.Config{Envelope: httpcore.OTLP(cfg)})(server.URL, batch)
		if err == nil && done != nil {
			b.Cleanup(func() { _ = done() })
		}
		return post, err
	}
}

// row posts b.N records, so many a request.
func row(name string, n, records int, answer string, w way) suite.Row {
	return suite.Row{Name: name, N: n, Run: func(b *testing.B) error {
		server := serve(answer)
		defer server.Close()
		batch, err := recorded(records)
		if err != nil {
			return err
		}
		post, done, err := w(server.URL, batch)
		if err != nil {
			return err
		}
		err = post() // dials, and finds the memory it needs
		b.ResetTimer()
		for n := 0; n < b.N && err == nil; n += records {
			err = post()
		}
		b.StopTimer()
		if done != nil {
			err = multierr.Append(err, done())
		}
		return err
	}}
}

// formats is a record's part of a body, made of what a queue holds, beside zap's JSON encoder.
func formats() suite.Table {
	t := suite.Table{Name: "format", N: encoded, Rows: []suite.Row{
		{Name: "zap's JSON encoder, of fields", Run: func(b *testing.B) error {
			encoder, all := jsonEncoder(), fields(0)
			b.ResetTimer()
			for range b.N {
				line, err := encoder.EncodeEntry(entry, all)
				if err != nil {
					return err
				}
				line.Free()
			}
			return nil
		}},
		formatRow("zap's JSON encoder, of a record", asLines{jsonEncoder()}),
		formatRow("httpcore's JSON, of a record", asLines{base.NewJSON(jsonConfig())}),
		formatRow("form", httpcore.Form().Formatter),
	}}
	for _, e := range envelopes {
		t.Rows = append(t.Rows, formatRow(e.name, e.envelope.Formatter))
	}
	return t
}

func formatRow(name string, f base.Formatter) suite.Row {
	return suite.Row{Name: name, Run: func(b *testing.B) error {
		batch, err := recorded(batchSize)
		if err != nil {
			return err
		}
		part, err := f.Append(nil, batch.At(0))
		b.ResetTimer()
		for i := 0; i < b.N && err == nil; i++ {
			part, err = f.Append(part[:0], batch.At(i%batchSize))
		}
		return err
	}}
}

// asLines is an encoder as a Formatter.
type asLines struct{ zapcore.Encoder }

func (f asLines) Append(dst []byte, r *base.Record) ([]byte, error) {
	return r.AppendEncoded(dst, f.Encoder)
}

// exports is the call of a logger, and a record's share of all that follows until the collector has it.
func exports() suite.Table {
	return suite.Table{Name: "OTLP", N: 20 * batchSize, Rows: []suite.Row{
		{Name: "zap nop", Run: func(b *testing.B) error { return export(b, newNop) }},
		{Name: "queuecore and httpcore", Run: func(b *testing.B) error { return export(b, newQueued) }},
		{Name: "otelzap and otlploghttp", Run: func(b *testing.B) error { return export(b, newOpenTelemetry) }},
	}}
}
