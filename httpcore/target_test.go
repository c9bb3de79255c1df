package httpcore_test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
)

// wire is a transport that writes requests as HTTP/1.1 has them, and reads them again as a server would.
type wire struct{ read *http.Request }

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	var out bytes.Buffer
	if err := r.Write(&out); err != nil {
		return nil, err
	}
	in := bufio.NewReader(&out)
	var err error
	if w.read, err = http.ReadRequest(in); err != nil {
		return nil, err
	}
	if _, err = io.Copy(io.Discard, w.read.Body); err == nil && in.Buffered() > 0 {
		err = io.ErrUnexpectedEOF // more than one request
	}
	return &http.Response{StatusCode: 204, Body: http.NoBody}, err
}

// FuzzConfig: New refuses what cannot be sent; what it takes is one request, with these headers and no other.
func FuzzConfig(f *testing.F) {
	f.Add("h:80", "/log?a=b", "X-Tenant", "7", "user", "pass", "token")
	f.Add("h", "/", "X-A\r\nX-Forged", "1\r\nX-Forged: 1", "u\n", "p\r\nX-Forged: 1", "t\nX-Forged: 1")
	f.Add("h\r\nX-Forged: 1", "/ HTTP/1.1\r\nX-Forged: 1\r\n\r\n", "Content-Length", "0", "a:b", "", "")
	f.Fuzz(func(t *testing.T, host, path, name, value, user, password, token string) {
		var sent wire
		cfg := httpcore.Config{Host: host, URL: "/" + path, Method: "POST", Header: http.Header{name: {value}}, PlaintextCredentials: true,
			Client: &http.Client{Transport: &sent}}
		if token != "" {
			cfg.Token = token
		} else {
			cfg.Credentials = url.UserPassword(user, password)
		}
		core, err := httpcore.New(cfg)
		if err != nil {
			require.True(t, strings.HasPrefix(err.Error(), "httpcore: "), err)
			return
		}
		defer core.Close()
		require.NoError(t, core.Write(zapcore.Entry{Message: "m"}, nil))
		for key := range sent.read.Header {
			switch key {
			case "Authorization", "Content-Type", "Idempotency-Key", "User-Agent", "Content-Length", http.CanonicalHeaderKey(name):
			default:
				require.Fail(t, "a header that nobody asked for: "+key)
			}
		}
	})
}

// TestShortAddresses holds that the short forms of IPv4 are what Python's sockets make of them.
func TestShortAddresses(t *testing.T) {
	s := script(t, status(200))
	core := lines(t, strings.Replace(s.URL, "127.0.0.1", "127.1", 1), nil)
	requireTaken(t, core, batchOf(t, "x"))
}

// TestZones holds that the zone of an address of IPv6 may be spelled as everywhere, and as in a URL.
func TestZones(t *testing.T) {
	for _, host := range []string{"[fe80::1%eth0]", "[fe80::1%eth0]:8080", "[fe80::1%25eth0]:8080", "[::1]:8080"} {
		core, err := httpcore.New(httpcore.Config{Host: host, URL: "/log"})
		require.NoError(t, err, host)
		require.NoError(t, core.Close())
	}
}
