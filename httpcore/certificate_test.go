package httpcore_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
)

// expiredServer returns a server whose certificate is of another year.
func expiredServer(t *testing.T) *httptest.Server {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"},
		NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(status(204))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// The zone of an address is this machine's word for one of its networks: no certificate has it.
func TestTheZoneOfAnAddressIsNotVerified(t *testing.T) {
	listener, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skip("no IPv6 here: ", err)
	}
	server := httptest.NewUnstartedServer(status(204))
	_ = server.Listener.Close()
	server.Listener = listener
	server.StartTLS()
	t.Cleanup(server.Close)
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	core := lines(t, "https://[::1%25"+loopback(t)+"]:"+port, func(cfg *httpcore.Config) { cfg.TLS = &tls.Config{RootCAs: pool} })
	require.NoError(t, core.Write(zapcore.Entry{Message: "one"}, nil))
}

// loopback returns the name of the network that a machine has for itself.
func loopback(t *testing.T) string {
	all, err := net.Interfaces()
	require.NoError(t, err)
	for _, i := range all {
		if i.Flags&net.FlagLoopback != 0 {
			return i.Name
		}
	}
	t.Skip("there is no loopback interface")
	return ""
}

// What is in TLS of the user's code runs on a goroutine of net/http's, and may panic all the same.
func TestHookOfTLSThatPanics(t *testing.T) {
	server := httptest.NewTLSServer(status(204))
	defer server.Close()
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	core := lines(t, server.URL, func(cfg *httpcore.Config) {
		cfg.TLS = &tls.Config{RootCAs: pool, VerifyConnection: func(tls.ConnectionState) error { panic("hook") }}
	})
	require.ErrorContains(t, core.Write(zapcore.Entry{Message: "one"}, nil), "VerifyConnection of the TLS configuration: panic: hook")
}
