package connection

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// configs returns those of a server and of its client, which has the same certificate.
func configs(t *testing.T) (server, client *tls.Config) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	own := []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}
	return &tls.Config{Certificates: own}, &tls.Config{Certificates: own, InsecureSkipVerify: true}
}

// lateRefusal returns the address of a server that refuses the client's certificate when written is closed.
func lateRefusal(t *testing.T, server *tls.Config, written chan struct{}) string {
	server.ClientAuth = tls.RequireAnyClientCert
	server.VerifyPeerCertificate = func([][]byte, [][]*x509.Certificate) error {
		<-written
		return errors.New("revoked")
	}
	return discards(t, server)
}

// discards returns the address of a server that takes one connection, and discards what it reads until it ends.
func discards(t *testing.T, server *tls.Config) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		peer, _ := listener.Accept()
		_, _ = io.Copy(io.Discard, tls.Server(peer, server))
		_ = peer.Close()
	}()
	return listener.Addr().String()
}

// A server that takes its time to refuse the client's certificate has read nothing of what was written meanwhile.
func TestACertificateThatIsRefusedLate(t *testing.T) {
	server, client := configs(t)
	written := make(chan struct{})
	d := NewDialer(Config{Network: "tcp", Address: lateRefusal(t, server, written), TLS: client, Timeout: time.Minute, Hold: 1})
	defer d.Close()
	c, err := d.Open(d.Now())
	require.NoError(t, err, "so long nobody waits for it")
	for range 3 {
		_, err = c.Write([]byte("frame"), 1, d.Now())
		require.NoError(t, err)
	}
	close(written)
	<-c.Done()
	end := c.End(nil)
	assert.ErrorContains(t, end.Err, "tls: bad certificate")
	end.Err = nil
	assert.Equal(t, Ending{Lost: 3, Reported: true, BackOff: true, Refused: true}, end)
}

// gated is a connection whose reader can be made to wait.
type gated struct {
	net.Conn
	gate atomic.Pointer[chan struct{}]
}

func (g *gated) Read(b []byte) (int, error) {
	n, err := g.Conn.Read(b)
	if gate := g.gate.Load(); gate != nil {
		<-*gate
	}
	return n, err
}

// The same, if a write fails before the reader has seen the refusal.
func TestACertificateThatIsRefusedLateAndSeenByAWrite(t *testing.T) {
	server, client := configs(t)
	written := make(chan struct{})
	var conn gated
	d := NewDialer(Config{Network: "tcp", Address: lateRefusal(t, server, written), TLS: client, Timeout: time.Minute, Hold: 1,
		Dial: func(ctx context.Context, network, address string) (_ net.Conn, err error) {
			conn.Conn, err = new(net.Dialer).DialContext(ctx, network, address)
			return &conn, err
		}})
	defer d.Close()
	c, err := d.Open(d.Now())
	require.NoError(t, err)
	gate := make(chan struct{})
	conn.gate.Store(&gate)
	frames := uint64(0)
	for _, err = c.Write([]byte("frame"), 1, d.Now()); err == nil; _, err = c.Write([]byte("frame"), 1, d.Now()) {
		if frames++; frames == 3 {
			close(written)
		}
	}
	go close(gate)
	end := c.End(err)
	assert.ErrorContains(t, end.Err, "tls: bad certificate")
	end.Err = nil
	assert.Equal(t, Ending{Lost: frames, Reported: true, BackOff: true, Refused: true}, end)
}

// A server that has accepted the client may send such an alert an hour later, for a reason of its own: it has read what was written before.
func TestAnAlertBehindTheVerdictIsNoRefusal(t *testing.T) {
	server, client := configs(t)
	server.ClientAuth = tls.RequireAnyClientCert
	d := NewDialer(Config{Network: "tcp", Address: discards(t, server), TLS: client, Timeout: time.Minute, Hold: 1})
	defer d.Close()
	c, err := d.Open(d.Now())
	require.NoError(t, err)
	select {
	case <-c.verdict.content:
	case <-time.After(time.Minute):
		require.Fail(t, "no session ticket came")
	}
	_, err = c.Write([]byte("frame"), 1, d.Now())
	require.NoError(t, err)
	const accessDenied = tls.AlertError(49)
	assert.False(t, c.End(&net.OpError{Op: "remote error", Err: accessDenied}).Refused)
}

// noisy is a connection that changes what is written to it.
type noisy struct {
	net.Conn
	on atomic.Bool
}

func (n *noisy) Write(b []byte) (int, error) {
	if n.on.Load() {
		b = append([]byte(nil), b...)
		b[len(b)-1] ^= 1
	}
	return n.Conn.Write(b)
}

// A peer that cannot read what arrived says so, and ends the connection as by a reset.
func TestAnAlertIsAReset(t *testing.T) {
	server, client := configs(t)
	var conn noisy
	d := NewDialer(Config{Network: "tcp", Address: discards(t, server), TLS: client, Timeout: time.Minute, Hold: time.Hour,
		Dial: func(ctx context.Context, network, address string) (_ net.Conn, err error) {
			conn.Conn, err = new(net.Dialer).DialContext(ctx, network, address)
			return &conn, err
		}})
	defer d.Close()
	c, err := d.Open(d.Now())
	require.NoError(t, err)
	_, err = c.Write([]byte("frame"), 1, d.Now())
	require.NoError(t, err)
	conn.on.Store(true)
	_, err = c.Write([]byte("frame"), 1, d.Now())
	require.NoError(t, err)
	<-c.Done()
	end := c.End(nil)
	assert.ErrorContains(t, end.Err, "tls: bad record MAC")
	end.Err = nil
	assert.Equal(t, Ending{Lost: 2, Reported: true}, end)
}

// A peer that ends TLS, and leaves the connection below it open for a moment, is written nothing more: it may discard what it reads.
func TestNothingIsWrittenAfterTheEndOfTLS(t *testing.T) {
	server, client := configs(t)
	server.MaxVersion = tls.VersionTLS12 // its handshake takes turns, as a pipe needs it
	synctest.Test(t, func(t *testing.T) {
		var peer *tls.Conn
		d := NewDialer(Config{Network: "tcp", Address: "peer:1", TLS: client, Timeout: time.Minute, Hold: time.Second,
			Dial: func(context.Context, string, string) (net.Conn, error) {
				ours, theirs := net.Pipe()
				peer = tls.Server(theirs, server)
				go func() { _, _ = io.Copy(io.Discard, peer) }()
				return ours, nil
			}})
		defer d.Close()
		c, err := d.Open(d.Now())
		require.NoError(t, err)
		synctest.Wait() // the server's handshake ends a little later
		require.True(t, c.Alive(d.Now()))
		require.NoError(t, peer.CloseWrite())
		synctest.Wait()
		assert.False(t, c.Alive(d.Now()))
		assert.Equal(t, Ending{}, c.End(nil))
		assert.NoError(t, peer.Close())
	})
}
