package connection

import (
	"crypto/tls"
	"net"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A daemon that has read everything closes a unix socket just before a write. The write fails, and nothing written before is lost, except
// for what lies unread in the socket.
func TestAUnixSocketThatIsClosedBeforeAWrite(t *testing.T) {
	const frame = "frame"
	for name, test := range map[string]struct {
		read  int // frames of two
		half  bool
		count Ending
	}{
		"all is read":                             {read: 2},
		"nothing is read":                         {count: Ending{Err: errReset, Lost: 2, Reported: true}},
		"one is read":                             {read: 1, count: Ending{Err: errReset, Lost: 2, Reported: true}}, // which one nobody says
		"all is read by one that only reads":      {read: 2, half: true},
		"nothing is read by one that only reads ": {half: true, count: Ending{Err: errReset, Lost: 2, Reported: true}},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "socket"))
			require.NoError(t, err)
			defer listener.Close()
			d := NewDialer(Config{Network: "unix", Address: listener.Addr().String(), Timeout: time.Minute, Hold: time.Hour})
			defer d.Close()
			accepted := make(chan net.Conn, 1)
			go func() {
				peer, _ := listener.Accept()
				if test.half {
					_ = peer.(*net.UnixConn).CloseWrite()
				}
				accepted <- peer
			}()
			c, err := d.Open(d.Now())
			require.NoError(t, err)
			peer := <-accepted
			for range 2 {
				_, err = c.Write([]byte(frame), 1, d.Now())
				require.NoError(t, err)
			}
			for range test.read {
				_, err = peer.Read(make([]byte, len(frame)))
				require.NoError(t, err)
			}
			require.NoError(t, peer.Close())
			_, err = c.Write([]byte(frame), 1, d.Now())
			require.ErrorIs(t, err, syscall.EPIPE)
			assert.Equal(t, test.count, c.End(err))
		})
	}
}

// A receiver that is restarted under TLS says that this was all, and its system resets the connection if something is left unread.
func TestAResetBehindTheEndOfTLS(t *testing.T) {
	const frame = "frame"
	server, client := configs(t)
	for name, test := range map[string]struct {
		read   int                  // frames of two
		closes func(peer *tls.Conn) // nil: as it is usual
		count  Ending
	}{
		"all is read":     {read: 2},
		"nothing is read": {count: Ending{Err: errReset, Lost: 2, Reported: true}},
		"all is read, and the peer's system is long gone": {read: 2, closes: func(peer *tls.Conn) {
			_ = peer.CloseWrite()
			_ = peer.NetConn().(*net.TCPConn).CloseWrite()
		}},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			defer listener.Close()
			d := NewDialer(Config{Network: "tcp", Address: listener.Addr().String(), TLS: client, Timeout: time.Minute, Hold: time.Hour})
			defer d.Close()
			accepted := make(chan *tls.Conn, 1)
			go func() {
				peer, _ := listener.Accept()
				secure := tls.Server(peer, server)
				_ = secure.Handshake()
				accepted <- secure
			}()
			c, err := d.Open(d.Now())
			require.NoError(t, err)
			peer := <-accepted
			for range 2 {
				_, err = c.Write([]byte(frame), 1, d.Now())
				require.NoError(t, err)
			}
			for range test.read {
				_, err = peer.Read(make([]byte, len(frame)))
				require.NoError(t, err)
			}
			if test.closes != nil {
				test.closes(peer)
				<-c.Done()
				require.NoError(t, peer.NetConn().(*net.TCPConn).SetLinger(0))
			}
			require.NoError(t, peer.NetConn().SetDeadline(time.Now().Add(time.Minute)))
			_ = peer.Close()
			<-c.Done()
			assert.Equal(t, test.count, c.End(nil))
		})
	}
}

// A peer that only reads has closed its own side long ago, which is not when the connection ended.
func TestAResetByAPeerThatOnlyReads(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	d := NewDialer(Config{Network: "tcp", Address: listener.Addr().String(), Timeout: time.Minute, Hold: time.Minute})
	defer d.Close()
	accepted := make(chan *net.TCPConn, 1)
	go func() {
		peer, _ := listener.Accept()
		_ = peer.(*net.TCPConn).CloseWrite()
		accepted <- peer.(*net.TCPConn)
	}()
	c, err := d.Open(d.Now())
	require.NoError(t, err)
	peer := <-accepted
	_, err = c.Write([]byte("frame"), 1, d.Now())
	require.NoError(t, err)
	require.Equal(t, halfProven, c.half)
	c.born, c.over = c.born-time.Hour, c.over-time.Hour // that was an hour ago
	_, err = c.Write([]byte("frame"), 1, d.Now())
	require.NoError(t, err)
	require.NoError(t, peer.SetLinger(0))
	require.NoError(t, peer.Close())
	require.False(t, c.Alive(d.Now()))
	assert.Equal(t, Ending{Err: errReset, Lost: 1, Reported: true}, c.End(nil))
}
