package netcore

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/internal/sockets"
)

// authority is a certificate authority of the test process.
var authority = sync.OnceValue(func() (ca struct {
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
	pool   *x509.CertPool
	server tls.Certificate
	client tls.Certificate
}) {
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	issue := func(serial int64, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(err)
		template := &x509.Certificate{
			SerialNumber:          big.NewInt(serial),
			Subject:               pkix.Name{CommonName: "netcore test"},
			NotBefore:             time.Now().Add(-time.Hour),
			NotAfter:              time.Now().Add(time.Hour),
			DNSNames:              []string{"localhost"},
			IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
			ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
			KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
			BasicConstraintsValid: true,
			IsCA:                  parent == nil,
		}
		if parent == nil {
			parent, signer = template, key
		}
		der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
		must(err)
		cert, err := x509.ParseCertificate(der)
		must(err)
		return cert, key
	}
	ca.cert, ca.key = issue(1, nil, nil)
	ca.pool = x509.NewCertPool()
	ca.pool.AddCert(ca.cert)
	server, serverKey := issue(2, ca.cert, ca.key)
	client, clientKey := issue(3, ca.cert, ca.key)
	ca.server = tls.Certificate{Certificate: [][]byte{server.Raw}, PrivateKey: serverKey}
	ca.client = tls.Certificate{Certificate: [][]byte{client.Raw}, PrivateKey: clientKey}
	return ca
})

func clientTLS(testing.TB) *tls.Config { return &tls.Config{RootCAs: authority().pool} }

func serverTLS() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{authority().server}}
}

func mutualTLS() *tls.Config {
	cfg := serverTLS()
	cfg.ClientAuth, cfg.ClientCAs = tls.RequireAndVerifyClientCert, authority().pool
	return cfg
}

func TestTLS(t *testing.T) {
	withCert := clientTLS(t)
	withCert.Certificates = []tls.Certificate{authority().client}
	only12 := mutualTLS()
	only12.MaxVersion = tls.VersionTLS12
	noTickets := mutualTLS()
	noTickets.SessionTicketsDisabled = true

	for _, test := range []struct {
		name           string
		server, client *tls.Config
		want           string // of the error; none if empty
	}{
		{"a server that is known", serverTLS(), clientTLS(t), ""},
		{"a server that is not", serverTLS(), &tls.Config{}, "certificate signed by unknown authority"},
		{"a client with its certificate", mutualTLS(), withCert, ""},
		{"a client with its certificate, to a server that sends no tickets", noTickets, withCert, ""},
		{"a client without, which TLS 1.3 refuses only after the handshake", mutualTLS(), clientTLS(t), "tls: certificate required"},
		{"a client without, to a server that sends no tickets", noTickets, clientTLS(t), "tls: certificate required"},
		{"a client without, in TLS 1.2", only12, clientTLS(t), "tls: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			got := make(chan string, 10)
			p := sockets.Serve(t, tls.NewListener(l, test.server), lines(got))
			core := newCore(t, Config{Address: p.Address(), TLS: test.client, Encoder: plain(), OnError: never(t)})
			err = core.Write(entry("hello"), nil)
			if test.want != "" {
				require.ErrorContains(t, err, "netcore: TLS handshake with tcp 127.0.0.1:")
				require.ErrorContains(t, err, test.want)
				assert.Equal(t, Stats{Refused: 1}, core.Stats())
				return
			}
			require.NoError(t, err)
			assert.Equal(t, "hello", sockets.Receive(t, got))
			require.NoError(t, core.Close())
		})
	}
}

func TestTLSHandshakeThatNeverEndsIsBounded(t *testing.T) {
	p := sockets.Listen(t, "tcp", func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	core := newCore(t, Config{Address: p.Address(), TLS: clientTLS(t), Timeout: 50 * time.Millisecond, OnError: never(t)})
	start := time.Now()
	require.Error(t, core.Write(entry("hello"), nil))
	assert.Less(t, time.Since(start), 5*time.Second)
}

func TestTLSCloseIsInOrder(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan error, 1)
	p := sockets.Serve(t, tls.NewListener(l, serverTLS()), func(conn net.Conn) {
		_, err := io.Copy(io.Discard, conn) // nil only after close_notify
		ended <- err
	})
	core := newCore(t, Config{Address: p.Address(), TLS: clientTLS(t), OnError: never(t)})
	require.NoError(t, core.Write(entry("hello"), nil))
	require.NoError(t, core.Close())
	require.NoError(t, sockets.Receive(t, ended))
}

// brokenCache is a cache of sessions that panics: on the goroutine that reads from the connection.
type brokenCache struct{ tls.ClientSessionCache }

func (brokenCache) Put(string, *tls.ClientSessionState) { panic("hook") }

// TestHooksOfTLSThatPanic: none ends the program, on whichever goroutine it runs.
func TestHooksOfTLSThatPanic(t *testing.T) {
	bad := serverTLS()
	bad.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { panic("hook") }
	verifying, caching := clientTLS(t), clientTLS(t)
	verifying.VerifyConnection = func(tls.ConnectionState) error { panic("hook") }
	caching.ClientSessionCache = brokenCache{tls.NewLRUClientSessionCache(1)}
	for _, test := range []struct {
		name           string
		server, client *tls.Config
		fails          bool
	}{
		{"of a client", serverTLS(), verifying, true},
		{"of a client's reader", serverTLS(), caching, false},
		{"of a server", bad, clientTLS(t), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			target := &countingCore{}
			var log errorLog
			s := serve(t, ServerConfig{Format: FormatRecords, Target: target, TLS: test.server, OnError: log.add})
			core := newCore(t, Config{Address: s.Addr().String(), Formatter: Records(), TLS: test.client, OnError: ignore})
			err := core.Write(entry("x"), nil)
			if !test.fails {
				require.NoError(t, err)
				require.Eventually(t, func() bool { return target.count() == 1 }, soon, tick)
				return
			}
			require.Error(t, err)
			if test.server == bad {
				require.Eventually(t, func() bool { return log.contains("GetConfigForClient of the TLS configuration: panic: hook") }, soon, tick)
			}
		})
	}
}

// TestHookOfTLSThatLogs to the very core for which it is asked, as one does that tells of a certificate: nobody waits for ever.
func TestHookOfTLSThatLogs(t *testing.T) {
	s := serve(t, ServerConfig{Format: FormatRecords, Target: &countingCore{}, TLS: serverTLS(), OnError: ignore})
	cfg := clientTLS(t)
	var core *Core
	logged := make(chan error, 1)
	cfg.VerifyConnection = func(tls.ConnectionState) error {
		err := core.Write(entry("verified"), nil)
		logged <- err
		return err
	}
	core = newCore(t, Config{Address: s.Addr().String(), Formatter: Records(), TLS: cfg, Timeout: sockets.Brief, OnError: ignore})
	require.Error(t, core.Write(entry("x"), nil))
	require.ErrorContains(t, sockets.Receive(t, logged), "backing off")
}
