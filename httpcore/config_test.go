package httpcore_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
)

func TestBadConfig(t *testing.T) {
	tests := []struct {
		name string
		cfg  httpcore.Config
		want string
	}{
		{"nothing", httpcore.Config{}, "Config.URL is required"},
		{"a path without a host", httpcore.Config{URL: "/log"}, "Config.Host is required"},
		{"a host that is a URL", httpcore.Config{Host: "http://h", URL: "/log"}, "Config.Host must be"},
		{"a host of IPv6 without brackets", httpcore.Config{Host: "::1", URL: "/log"}, `Config.Host "::1": an IPv6 address has to be in brackets, as in "[::1]:8080"`},
		{"a zone that is none", httpcore.Config{Host: "[fe80::1%]:80", URL: "/log"}, "Config.Host and URL together: no URL"},
		{"a port for a host", httpcore.Config{Host: "8080", URL: "/log"}, `Config.Host: "8080" is a port without a host: write "host:8080"`},
		{"a URL with a port for a host", httpcore.Config{URL: "http://8080/log"}, `Config.URL: "8080" is a port without a host: write "host:8080"`},
		{"a host with a path", httpcore.Config{Host: "h/x", URL: "/log"}, "Config.Host must be"},
		{"a host with credentials", httpcore.Config{Host: "secret:secret@h", URL: "/log"}, "Config.Host must be"},
		{"a host beside a whole URL", httpcore.Config{Host: "h", URL: "http://h/"}, "Config.Host and Secure"},
		{"no scheme", httpcore.Config{URL: "h/log"}, "Config.URL must begin"},
		{"another scheme", httpcore.Config{URL: "ftp://secret:secret@h/log"}, "Config.URL must begin"},
		{"no host in the URL", httpcore.Config{URL: "http:///log"}, "Config.URL names no host"},
		{"a line break in the URL", httpcore.Config{URL: "http://secret:secret@h/log\r\nX-Forged: 1"}, "Config.URL: "},
		{"a line break in the host", httpcore.Config{Host: "h\r\nX-Forged: 1", URL: "/"}, "Config.Host and URL together: no URL"},
		{"a space in the query", httpcore.Config{URL: "http://h/log?a b"}, "Config.URL has a query"},
		{"a fragment", httpcore.Config{URL: "http://h/log#x"}, "Config.URL has a fragment"},
		{"a bad port", httpcore.Config{URL: "http://h:secret/log"}, "Config.URL: no URL"},
		{"a bad escape behind a host", httpcore.Config{Host: "h", URL: "/%zz"}, "Config.Host and URL together: no URL"},
		{"a port out of range", httpcore.Config{URL: "http://h:65536/log"}, "Config.URL: port 65536"},
		{"port 0", httpcore.Config{URL: "https://h:0/log"}, "Config.URL: port 0"},
		{"a host's port out of range", httpcore.Config{Host: "h:99999", URL: "/log"}, "Config.Host: port 99999"},
		{"a method", httpcore.Config{URL: "http://h/", Method: "PUT"}, `Config.Method "PUT"`},
		{"GET without a form", httpcore.Config{URL: "http://h/", Method: "GET", Envelope: httpcore.JSONLines()}, "Config.Method GET"},
		{"a line break in a header", httpcore.Config{URL: "http://h/", Header: http.Header{"X-A": {"secret\r\nX-Forged: 1"}}}, "Config.Header"},
		{"a line break in a header's name", httpcore.Config{URL: "http://h/", Header: http.Header{"X-A\r\nX": {"1"}}}, "Config.Header"},
		{"a header of the protocol", httpcore.Config{URL: "http://h/", Header: http.Header{"content-length": {"1"}}}, "Config.Header"},
		{"credentials in clear", httpcore.Config{URL: "http://h/", Credentials: url.UserPassword("u", "secret")}, "PlaintextCredentials"},
		{"credentials in the URL in clear", httpcore.Config{URL: "http://u:secret@h/"}, "PlaintextCredentials"},
		{"a token in clear", httpcore.Config{URL: "http://h/", Token: "secret"}, "PlaintextCredentials"},
		{"a cookie in clear", httpcore.Config{URL: "http://h/", Header: http.Header{"cookie": {"secret"}}}, "PlaintextCredentials"},
		{"a line break in a token", httpcore.Config{URL: "https://h/", Token: "secret\n"}, "Config.Token"},
		{"a colon in a user", httpcore.Config{URL: "https://h/", Credentials: url.UserPassword("a:b", "secret")}, "Config.Credentials"},
		{"token and credentials", httpcore.Config{URL: "https://h/", Token: "secret", Credentials: url.User("u")}, "Config.Credentials and Token"},
		{"credentials twice", httpcore.Config{URL: "https://u:secret@h/", Credentials: url.User("u")}, "Config.Credentials and those in URL"},
		{"token and credentials in the URL", httpcore.Config{URL: "https://u:secret@h/", Token: "secret"}, "Config.Token"},
		{"authorization twice", httpcore.Config{URL: "https://h/", Token: "secret", Header: http.Header{"Authorization": {"secret"}}}, "Authorization"},
		{"TLS without https", httpcore.Config{URL: "http://h/", TLS: &tls.Config{}}, "Config.TLS"},
		{"TLS and Client", httpcore.Config{URL: "https://h/", TLS: &tls.Config{}, Client: &http.Client{}}, "Config.TLS and Client"},
		{"encoder and formatter", httpcore.Config{URL: "http://h/", Encoder: messages(), Formatter: httpcore.Form().Formatter}, "Config.Encoder and Formatter"},
		{"an encoder for an envelope that has its own", httpcore.Config{URL: "http://h/", Encoder: messages(), Envelope: httpcore.OTLP(httpcore.OTLPConfig{})}, "Config.Encoder or Formatter"},
		{"MapRecord without a form", httpcore.Config{URL: "http://h/", Envelope: httpcore.JSONLines(),
			MapRecord: func(zapcore.Entry, []zapcore.Field) url.Values { return nil }}, "Config.MapRecord"},
		{"an envelope without a type", httpcore.Config{URL: "http://h/", Envelope: httpcore.Envelope{Before: "x"}}, "Config.Envelope.ContentType"},
		{"a line break in the type", httpcore.Config{URL: "http://h/", Envelope: httpcore.Envelope{ContentType: "x\ny"}}, "Config.Envelope.ContentType"},
		{"a negative size", httpcore.Config{URL: "http://h/", MaxBatchBytes: -1}, "Config.MaxBatchBytes"},
		{"negative patience", httpcore.Config{URL: "http://h/", MaxRetryAfter: -1}, "Config.MaxRetryAfter"},
		{"a label that is none", httpcore.Config{URL: "http://h/", Envelope: httpcore.Loki(httpcore.LokiConfig{Labels: map[string]string{"a b": "c"}})}, "LokiConfig.Labels"},
		{"a label twice", httpcore.Config{URL: "http://h/", Envelope: httpcore.Loki(httpcore.LokiConfig{LabelFields: []string{"level"}})}, "LokiConfig.LabelFields"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			core, err := httpcore.New(test.cfg)
			require.Nil(t, core)
			require.ErrorContains(t, err, test.want)
			require.ErrorContains(t, err, "httpcore: ")
			require.NotContains(t, err.Error(), "secret", "an error shows no credentials")
		})
	}
}

func TestHeadersAndCredentials(t *testing.T) {
	tests := []struct {
		name   string
		cfg    httpcore.Config
		header string
		want   string
	}{
		{"basic", httpcore.Config{Credentials: url.UserPassword("u", "p")}, "Authorization", "Basic dTpw"},
		{"token", httpcore.Config{Token: "t"}, "Authorization", "Bearer t"},
		{"Splunk's token", httpcore.Config{Token: "t", Envelope: httpcore.Splunk(httpcore.SplunkConfig{})}, "Authorization", "Splunk t"},
		{"Elasticsearch's token", httpcore.Config{Token: "t", Envelope: httpcore.Elasticsearch(httpcore.ElasticsearchConfig{})}, "Authorization", "ApiKey t"},
		{"own header", httpcore.Config{Header: http.Header{"x-scope-orgid": {"7"}}}, "X-Scope-Orgid", "7"},
		{"own type", httpcore.Config{Method: "POST", Header: http.Header{"Content-Type": {"text/plain"}}}, "Content-Type", "text/plain"},
		{"agent", httpcore.Config{}, "User-Agent", "zaphandlers-httpcore"},
		{"own agent", httpcore.Config{Header: http.Header{"User-Agent": {"shop"}}}, "User-Agent", "shop"},
		{"a form by POST", httpcore.Config{Method: "POST"}, "Content-Type", "application/x-www-form-urlencoded"},
		{"JSON lines", httpcore.Config{Envelope: httpcore.JSONLines()}, "Content-Type", "application/x-ndjson"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			seen := make(chan http.Header, 1)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { seen <- r.Header }))
			defer server.Close()
			test.cfg.URL, test.cfg.PlaintextCredentials = server.URL, true
			core, err := httpcore.New(test.cfg)
			require.NoError(t, err)
			defer core.Close()
			_ = core.Write(zapcore.Entry{}, nil)
			require.Equal(t, []string{test.want}, (<-seen)[test.header])
		})
	}
}

func TestTLS(t *testing.T) {
	server := httptest.NewTLSServer(status(204))
	defer server.Close()
	core := lines(t, server.URL, nil)
	require.ErrorContains(t, core.Write(zapcore.Entry{}, nil), "certificate", "a server that nobody vouches for gets nothing")
	pool := server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	core = lines(t, server.URL, func(cfg *httpcore.Config) { cfg.TLS = &tls.Config{RootCAs: pool} })
	require.NoError(t, core.Write(zapcore.Entry{}, nil))
	core = lines(t, server.URL, func(cfg *httpcore.Config) { cfg.Client = server.Client() })
	require.NoError(t, core.Write(zapcore.Entry{}, nil))
	core = lines(t, server.URL, func(cfg *httpcore.Config) { cfg.Client = &http.Client{} })
	require.ErrorContains(t, core.Write(zapcore.Entry{}, nil), "certificate", "an empty client is no accident")
}
