package httpcore

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// What would have no effect is refused, by the name of the field.
func TestSettingsWithoutEffectAreRefused(t *testing.T) {
	for _, test := range []struct {
		cfg  Config
		want string
	}{
		{Config{Gzip: true}, "Config.Gzip is for bodies"},
		{Config{Timeout: 5}, "Config.Timeout is 5ns, less than 100µs: a bare number counts nanoseconds; write 5 * time.Second"},
		{Config{ConnectTimeout: 5}, "Config.ConnectTimeout is 5ns"},
		{Config{MaxRetryAfter: 60}, "Config.MaxRetryAfter is 60ns"},
		{Config{RetryStart: -1}, "Config.RetryStart is -1ns"},
		{Config{RetryFactor: 0.5}, "Config.RetryFactor is 0.5"},
		{Config{Method: "POST", Header: http.Header{"idempotency-key": {"x"}}}, "Config.Header: Idempotency-Key is made for each request"},
		{Config{Header: http.Header{"X-Id": {"1"}, "x-id": {"2"}}}, "Config.Header: X-Id is there twice"},
		{Config{Header: http.Header{"User-Agent": {"1"}, "user-agent": {"2"}}}, "Config.Header: User-Agent is there twice"},
		{Config{Token: "x", PlaintextCredentials: true, Envelope: Envelope{ContentType: "x", TokenScheme: "a b"}}, "Config.Envelope.TokenScheme \"a b\" is no scheme"},
		{Config{Token: "x", PlaintextCredentials: true, Envelope: Envelope{ContentType: "x", TokenScheme: "a\nb"}}, "Config.Envelope.TokenScheme"},
		{Config{OmitIdempotencyKey: true}, "Config.OmitIdempotencyKey is not for GET"},
		{Config{MaxBatchBytes: 1}, "Config.MaxBatchBytes is not for an Envelope that sends one record"},
		{Config{Method: "POST", MaxBatchRecords: 1}, "Config.MaxBatchRecords is not for an Envelope that sends one record"},
		{Config{Timeout: -1, MaxTimeout: time.Minute}, "Config.MaxTimeout is what Timeout grows to"},
		{Config{TLS: new(tls.Config)}, "Config.TLS makes sense only with https"},
		{Config{Host: "y"}, "Config.Host and Secure are for a URL that begins with a slash"},
		{Config{Secure: true}, "Config.Host and Secure are for a URL that begins with a slash"},
		{Config{Envelope: OTLP(OTLPConfig{}), Encoder: defaultEncoder()}, "Config.Encoder or Formatter is not for an Envelope that has"},
		{Config{Envelope: JSONLines(), MapRecord: func(zapcore.Entry, []zapcore.Field) url.Values { return nil }}, "Config.MapRecord is for the Envelope Form"},
		{Config{Client: new(http.Client), TLS: new(tls.Config)}, "Config.TLS and Client exclude each other"},
		{Config{Method: "GET", Envelope: JSONLines()}, "Config.Method GET has no body"},
	} {
		test.cfg.URL = "http://x"
		_, err := New(test.cfg)
		require.ErrorContains(t, err, "httpcore: "+test.want)
	}
	core, err := New(Config{URL: "http://x", Method: "POST", Gzip: true, OmitIdempotencyKey: true,
		Header: http.Header{"idempotency-key": {"x"}, "user-agent": {"y"}}, OnError: func(error) {}})
	require.NoError(t, err)
	require.NoError(t, core.Close())
}

func TestSchemeOfAPath(t *testing.T) {
	for secure, want := range map[bool]string{false: "http://h:8080/log?a=b", true: "https://h:8080/log?a=b"} {
		u, err := (&Config{Host: "h:8080", URL: "/log?a=b", Secure: secure}).address()
		require.NoError(t, err)
		require.Equal(t, want, u.String())
	}
}

func TestAHostThatCannotBe(t *testing.T) {
	for _, host := range []string{"h..x", "*", "1.2.3.4.5", "256.1.1.1", strings.Repeat("a", 64) + ".example"} {
		_, err := New(Config{URL: "http://" + host + ":8080/log"})
		require.ErrorContains(t, err, "httpcore: Config.URL: \""+host+"\": the host is no ")
		_, err = New(Config{Host: host, URL: "/log"})
		require.ErrorContains(t, err, "httpcore: Config.Host: \""+host+"\": the host is no ")
	}
}

// An encoder whose records no receiver of JSON could take is refused by the name of its field.
func TestEncodersThatMakeNoJSON(t *testing.T) {
	encoder := func(change func(*zapcore.EncoderConfig)) zapcore.Encoder {
		cfg := zap.NewProductionEncoderConfig()
		change(&cfg)
		return zapcore.NewJSONEncoder(cfg)
	}
	none := zapcore.NewConsoleEncoder(zap.NewProductionEncoderConfig())
	twice := encoder(func(cfg *zapcore.EncoderConfig) { cfg.NameKey = cfg.MessageKey })
	ending := encoder(func(cfg *zapcore.EncoderConfig) { cfg.LineEnding = "}\n" })
	for want, cfg := range map[string]Config{
		"Config.Encoder makes no JSON":                                     {Envelope: JSONArray(), Encoder: none},
		`Config.Encoder has two members of the name "msg"`:                 {Envelope: JSONArray(), Encoder: twice},
		"ElasticsearchConfig.Encoder makes no JSON":                        {Envelope: Elasticsearch(ElasticsearchConfig{Encoder: ending})},
		`ElasticsearchConfig.Encoder has two members of the name "msg"`:    {Envelope: Elasticsearch(ElasticsearchConfig{Encoder: twice})},
		"SplunkConfig.Encoder makes no JSON":                               {Envelope: Splunk(SplunkConfig{Encoder: none})},
		`httpcore: SplunkConfig.Encoder has two members of the name "msg"`: {Envelope: Splunk(SplunkConfig{Encoder: twice})},
	} {
		cfg.URL = "http://x"
		_, err := New(cfg)
		require.ErrorContains(t, err, want)
	}
	windows := encoder(func(cfg *zapcore.EncoderConfig) { cfg.LineEnding = "\r\n" })
	for _, cfg := range []Config{
		{Envelope: JSONArray(), Encoder: windows}, {Envelope: JSONLines(), Encoder: none}, {Envelope: Loki(LokiConfig{Encoder: none})},
		{Envelope: Elasticsearch(ElasticsearchConfig{Encoder: windows})}, {Envelope: Splunk(SplunkConfig{Encoder: base.NewJSON(zap.NewProductionEncoderConfig())})},
	} {
		cfg.URL = "http://x"
		core, err := New(cfg)
		require.NoError(t, err)
		require.NoError(t, core.Close())
	}
}
