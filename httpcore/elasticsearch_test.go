package httpcore_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
	base "example.com/zaphandlers/zapcore"
)

// The Formatter of the Envelope leaves ids to the server, wherever else it is used.
func TestFormatterWithoutItsEnvelope(t *testing.T) {
	e := httpcore.Elasticsearch(httpcore.ElasticsearchConfig{Index: "logs"})
	require.Contains(t, once(t, e, zapcore.Entry{Time: noon}), `{"create":{"_index":"logs"}}`)
	own := e
	own.Formatter = httpcore.Splunk(httpcore.SplunkConfig{}).Formatter
	core, err := httpcore.New(httpcore.Config{URL: "http://h/", Envelope: own})
	require.NoError(t, err)
	require.NoError(t, core.Close())
	_, err = httpcore.New(httpcore.Config{URL: "http://h/", Envelope: httpcore.Elasticsearch(httpcore.ElasticsearchConfig{OmitID: true, ID: func(*base.Record) string { return "" }})})
	require.ErrorContains(t, err, "ElasticsearchConfig.ID and OmitID")
}
