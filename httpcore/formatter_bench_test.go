package httpcore_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/httpcore"
	base "example.com/zaphandlers/zapcore"
)

func BenchmarkFormat(b *testing.B) {
	formatters := map[string]base.Formatter{
		"form":          httpcore.Form().Formatter,
		"Elasticsearch": httpcore.Elasticsearch(httpcore.ElasticsearchConfig{}).Formatter,
		"Loki":          httpcore.Loki(httpcore.LokiConfig{LabelFields: []string{"method"}}).Formatter,
		"Splunk":        httpcore.Splunk(httpcore.SplunkConfig{}).Formatter,
		"OTLP":          httpcore.OTLP(httpcore.OTLPConfig{}).Formatter,
	}
	var r base.Record
	require.NoError(b, r.Parse(record(b, benchEntry, tenFields...)))
	for name, f := range formatters {
		b.Run(name, func(b *testing.B) {
			var dst []byte
			var err error
			b.ReportAllocs()
			for b.Loop() {
				if dst, err = f.Append(dst[:0], &r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
