package httpcore_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
	"example.com/zaphandlers/internal/peers"
	base "example.com/zaphandlers/zapcore"
)

// nginx is the real server in front of a recorder.
type nginx struct {
	plain, secure string // URLs
	pool          *x509.CertPool

	mu        sync.Mutex // guards the fields below
	records   []string
	protocols map[string]bool
}

const nginxConf = `
daemon off; master_process off; pid DIR/pid; error_log DIR/error.log;
events {}
http {
	access_log off;
	client_body_temp_path DIR/body; proxy_temp_path DIR/proxy; fastcgi_temp_path DIR/fastcgi; uwsgi_temp_path DIR/uwsgi; scgi_temp_path DIR/scgi;
	limit_req_zone $binary_remote_addr zone=slow:1m rate=1r/s;
	limit_req_status 429;
	proxy_set_header X-Protocol $server_protocol;
	server {
		listen 127.0.0.1:PLAIN; listen 127.0.0.1:SECURE ssl http2;
		ssl_certificate DIR/cert.pem; ssl_certificate_key DIR/key.pem;
		client_max_body_size 10m;
		location /ok { return 204; }
		location /store { proxy_pass http://RECORDER; }
		location /small { client_max_body_size 1k; proxy_pass http://RECORDER; }
		location /slow { limit_req zone=slow; add_header Retry-After 1 always; proxy_pass http://RECORDER; }
		location /down { proxy_pass http://127.0.0.1:CLOSED; }
		location /unavailable { add_header Retry-After 2 always; return 503; }
		location /moved { return 307 /store; }
		location /private { auth_basic "logs"; auth_basic_user_file DIR/users; proxy_pass http://RECORDER; }
	}
}`

func startNginx(t *testing.T) *nginx {
	program := peers.Program(t, "nginx")
	n := &nginx{protocols: map[string]bool{}}
	recorder := httptest.NewServer(n)
	t.Cleanup(recorder.Close)
	dir := t.TempDir()
	n.certify(t, dir)
	plain, secure := freePort(t), freePort(t)
	n.plain, n.secure = "http://127.0.0.1:"+plain, "https://127.0.0.1:"+secure
	conf := strings.NewReplacer("DIR", dir, "PLAIN", plain, "SECURE", secure, "CLOSED", freePort(t),
		"RECORDER", strings.TrimPrefix(recorder.URL, "http://")).Replace(nginxConf)
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	write("nginx.conf", conf)
	write("users", "shop:{PLAIN}pass wörd\n")
	cmd := exec.Command(program, "-p", dir, "-c", filepath.Join(dir, "nginx.conf"))
	var said strings.Builder
	cmd.Stderr = &said
	require.NoError(t, cmd.Start())
	exited := make(chan struct{})
	go func() { _ = cmd.Wait(); close(exited) }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-exited
	})
	require.Eventually(t, func() bool {
		select {
		case <-exited:
			return true
		default:
		}
		conn, err := net.Dial("tcp", "127.0.0.1:"+secure)
		if err == nil {
			conn.Close()
		}
		return err == nil
	}, 10*time.Second, 5*time.Millisecond)
	select {
	case <-exited:
		require.Fail(t, "nginx did not start: "+said.String())
	default:
	}
	return n
}

// ServeHTTP is the recorder behind nginx.
func (n *nginx) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, _ := readBody(r)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.protocols[r.Header.Get("X-Protocol")] = true
	n.records = append(n.records, strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")...)
	_, _ = io.WriteString(w, "thanks")
}

// took returns what arrived, and forgets it.
func (n *nginx) took() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	records := n.records
	n.records = nil
	return records
}

func (n *nginx) certify(t *testing.T, dir string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: private}} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600))
	}
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	n.pool = x509.NewCertPool()
	n.pool.AddCert(cert)
}

func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port
}

func TestNginx(t *testing.T) {
	n := startNginx(t)
	texts := numbered(0, 100)
	trust := func(cfg *httpcore.Config) { cfg.TLS = &tls.Config{RootCAs: n.pool} }

	t.Run("204", func(t *testing.T) {
		requireTaken(t, lines(t, n.plain+"/ok", nil), batchOf(t, texts...))
	})
	t.Run("200, compressed and not", func(t *testing.T) {
		for _, zip := range []bool{false, true} {
			core := lines(t, n.plain+"/store?a=b", func(cfg *httpcore.Config) { cfg.Gzip = zip })
			requireTaken(t, core, batchOf(t, texts...))
			require.Equal(t, texts, n.took())
		}
	})
	t.Run("Python's forms", func(t *testing.T) {
		for _, method := range []string{"GET", "POST"} {
			core, err := httpcore.New(httpcore.Config{URL: n.plain + "/store", Method: method})
			require.NoError(t, err)
			defer core.Close()
			require.NoError(t, core.Write(zapcore.Entry{Message: "späte Lieferung ✓"}, nil))
			text := strings.Join(n.took(), "")
			if method == "GET" {
				text, err = url.QueryUnescape(text)
				require.NoError(t, err)
			}
			require.Contains(t, text, "msg=späte Lieferung ✓")
		}
	})
	t.Run("413 is halved until it fits", func(t *testing.T) {
		core := lines(t, n.plain+"/small", nil)
		large := append(append([]string{}, texts...), strings.Repeat("x", 2000), "last")
		count, err := core.WriteBatch(batchOf(t, large...))
		require.Equal(t, len(large), count)
		var rejected *base.RejectedError
		require.ErrorAs(t, err, &rejected)
		require.Equal(t, []int{100}, rejected.Indexes)
		require.ErrorContains(t, err, "413")
		require.Equal(t, append(texts[:100:100], "last"), n.took())
	})
	t.Run("429 with Retry-After", func(t *testing.T) {
		core := lines(t, n.plain+"/slow", nil)
		h := holder{core: core}
		var tapes [][]byte
		for _, text := range texts[:3] {
			tapes = append(tapes, record(t, zapcore.Entry{Message: text}))
		}
		for i := range tapes {
			h.deliver(t, tapes[i:i+1])
		}
		require.Equal(t, texts[:3], n.took(), "nothing is lost, nothing doubled")
		require.LessOrEqual(t, h.calls, 6, "one attempt, the wait that was asked for, one more")
		require.NotEmpty(t, h.waits)
	})
	t.Run("502", func(t *testing.T) { requireRetry(t, lines(t, n.plain+"/down", nil), "502", 0) })
	t.Run("503 with Retry-After", func(t *testing.T) {
		requireRetry(t, lines(t, n.plain+"/unavailable", nil), "503", 2*time.Second)
	})
	t.Run("307", func(t *testing.T) {
		requireRetry(t, lines(t, n.plain+"/moved", nil), "307", 0)
		require.Empty(t, n.took())
		requireTaken(t, lines(t, n.plain+"/moved", func(cfg *httpcore.Config) { cfg.FollowRedirects = true }), batchOf(t, "a"))
		require.Equal(t, []string{"a"}, n.took())
	})
	t.Run("basic authentication", func(t *testing.T) {
		requireTaken(t, lines(t, n.secure+"/private", func(cfg *httpcore.Config) {
			trust(cfg)
			cfg.Credentials = url.UserPassword("shop", "pass wörd")
		}), batchOf(t, "a"))
		require.Equal(t, []string{"a"}, n.took())
		_, err := lines(t, n.secure+"/private", trust).WriteBatch(batchOf(t, "a"))
		require.ErrorContains(t, err, "401")
		require.Empty(t, n.took())
	})
	t.Run("TLS and HTTP/2", func(t *testing.T) {
		err := lines(t, n.secure+"/store", nil).Write(zapcore.Entry{}, nil)
		require.ErrorContains(t, err, "certificate")
		n.protocols = map[string]bool{}
		core := lines(t, n.secure+"/store", trust)
		for i := range 5 {
			requireTaken(t, core, batchOf(t, numbered(100*i, 100)...))
		}
		require.Equal(t, numbered(0, 500), n.took())
		require.Equal(t, map[string]bool{"HTTP/2.0": true}, n.protocols)
	})
	t.Run("HTTP/2 and a body too large", func(t *testing.T) {
		core := lines(t, n.secure+"/small", trust)
		requireTaken(t, core, batchOf(t, texts...))
		require.Equal(t, texts, n.took())
	})
}

func requireRetry(t *testing.T, core *httpcore.Core, text string, after time.Duration) {
	t.Helper()
	n, err := core.WriteBatch(batchOf(t, "a"))
	require.Zero(t, n)
	var retry *base.RetryError
	require.ErrorAs(t, err, &retry)
	require.Equal(t, after, retry.After)
	require.ErrorContains(t, err, text)
	require.Equal(t, fmt.Sprint(base.Stats{}), core.Stats().String(), "what may be tried again is not counted")
}
