package connection

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/internal/sockets"
)

// soon is how long tests wait for an event that must come.
const soon = 20 * time.Second

func TestProgress(t *testing.T) {
	var p progress
	assert.Zero(t, p.after(10))
	for range 10 {
		p.add(100, 2, 0)
	}
	for n, want := range map[int]uint64{0: 0, 1: 2, 100: 2, 101: 4, 1000: 20, 5000: 20} {
		assert.Equal(t, want, p.after(n), "%d bytes", n)
	}
	write := func(unacknowledged int) {
		if p.full() {
			p.forget(unacknowledged)
		}
		p.add(100, 1, 0)
	}
	for range 1000 {
		write(500)
	}
	assert.EqualValues(t, 5, p.after(500))
	for i := range 10_000 {
		write(500 + 100*i)
	}
	assert.EqualValues(t, 10_005, p.after(10_005*100), "nothing was acknowledged since")
	got := p.after(5000 * 100)
	assert.GreaterOrEqual(t, got, uint64(5000))
	assert.LessOrEqual(t, got, uint64(5000+10_000/16), "half of it was")
	assert.EqualValues(t, 11_020, p.after(1<<30))
}

func TestDatagramsFollowTheName(t *testing.T) {
	receive := func(address string) (net.PacketConn, string) {
		conn, err := net.ListenPacket("udp4", address)
		if err != nil {
			t.Skip("the system has no second address for itself:", err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		_, port, err := net.SplitHostPort(conn.LocalAddr().String())
		require.NoError(t, err)
		return conn, port
	}
	_, port := receive("127.0.0.1:0")
	second, _ := receive("127.0.0.2:" + port)
	n := sockets.Resolve(t, "127.0.0.1")
	d := NewDialer(Config{Network: "udp", Address: "loghost.test:" + port, Timeout: soon, Hold: time.Second})
	var conn *Conn
	send := func() {
		var err error
		if conn != nil && d.Moved(d.Now()) {
			require.Equal(t, Ending{}, conn.End(nil))
			conn = nil
		}
		if conn == nil {
			conn, err = d.Open(d.Now())
			require.NoError(t, err)
		}
		_, err = conn.Write([]byte("x"), 1, d.Now())
		require.NoError(t, err)
	}
	send()
	asked := n.Asked()
	send()
	require.Equal(t, asked, n.Asked(), "not for each datagram")

	n.Down(true)
	d.names.asked -= lookupInterval
	send()
	require.NotNil(t, d.names.lookup, "time has passed, and the name is looked up in the background")
	send()
	d.names.lookup.cancel()
	<-d.names.lookup.done
	send()
	require.Equal(t, "127.0.0.1", d.names.current.String(), "a resolver that does not answer changes nothing")

	n.Down(false)
	n.Set("127.0.0.2")
	d.names.asked -= lookupInterval
	send()
	<-d.names.lookup.done
	send()
	require.NoError(t, second.SetReadDeadline(time.Now().Add(soon)))
	_, _, err := second.ReadFrom(make([]byte, 1))
	require.NoError(t, err, "it has moved")

	n.Down(true)
	d.names.asked -= lookupInterval
	send()
	start := time.Now()
	conn.Close(time.Second, func() {})
	d.Close()
	assert.Less(t, time.Since(start), 5*time.Second, "Close does not wait for the resolver")
}

// TestTheSameErrorReadsTheSame holds that what differs from one attempt to the next is not in an error's text.
func TestTheSameErrorReadsTheSame(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"a reset", &net.OpError{Op: "write", Net: "tcp", Source: &net.TCPAddr{Port: 4321}, Err: errReset}, "connection reset by peer"},
		{"a resolver that does not answer", &net.DNSError{Err: "read udp 127.0.0.1:43210->127.0.0.53:53: i/o timeout", Name: "loghost", IsTimeout: true},
			"lookup loghost: read udp 127.0.0.53:53: i/o timeout"},
		{"one on IPv6", errors.New("read udp [::1]:43210->[::1]:53: i/o timeout"), "read udp [::1]:53: i/o timeout"},
		{"a certificate out of date", x509.CertificateInvalidError{Reason: x509.Expired, Detail: "current time 2026-11-28T20:15:04Z is after 2020-01-01T00:00:00Z"},
			"x509: certificate has expired or is not yet valid: it is after 2020-01-01T00:00:00Z"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := Steady(fmt.Errorf("hook: %w", test.err))
			assert.Contains(t, err.Error(), test.want)
			assert.NotContains(t, err.Error(), "4321")
			assert.NotContains(t, err.Error(), "20:15")
			assert.Equal(t, IsTimeout(test.err), IsTimeout(err))
		})
	}
}

// A reset that somebody who writes now and then sees an hour later costs what it would have cost at once.
func TestAResetThatIsSeenLater(t *testing.T) {
	for name, test := range map[string]struct {
		age  time.Duration // of the connection at the reset
		lost uint64        // of two frames
	}{"of a connection that has not lasted": {0, 2}, "of one that has": {time.Hour, 1}} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			defer listener.Close()
			d := NewDialer(Config{Network: "tcp", Address: listener.Addr().String(), Timeout: time.Minute, Hold: time.Minute})
			defer d.Close()
			c, err := d.Open(d.Now())
			require.NoError(t, err)
			peer, err := listener.Accept()
			require.NoError(t, err)
			for range 2 {
				_, err = c.Write([]byte("frame"), 1, d.Now())
				require.NoError(t, err)
			}
			c.born -= test.age
			require.NoError(t, peer.(*net.TCPConn).SetLinger(0))
			require.NoError(t, peer.Close())
			<-c.Done()
			d.start = d.start.Add(-time.Hour) // it is an hour later
			assert.Equal(t, Ending{Err: errReset, Lost: test.lost, Reported: true}, c.End(nil))
		})
	}
}
