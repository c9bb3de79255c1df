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

// A daemon that has read all closes a unix socket just before a write: that fails, and nothing of what was written before is lost. What lies
// unread in the socket is.
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

// A peer that says that this was all, and leaves something unread, resets the connection behind its last word. So does a receiver under TLS
// that is restarted.
func TestAResetBehindTheEnd(t *testing.T) {
	const frame = "frame"
	server, client := configs(t)
	lost := Ending{Err: errReset, Lost: 2, Reported: true}

	for name, test := range map[string]struct {
		secure bool
		killed bool // without a last word of TLS
		read   int  // frames of two
		count  Ending
	}{
		"TCP, all is read":                 {read: 2},
		"TCP, nothing is read":             {count: lost},
		"TLS, all is read":                 {secure: true, read: 2},
		"TLS, nothing is read":             {secure: true, count: lost},
		"TLS that is cut, all is read":     {secure: true, killed: true, read: 2},
		"TLS that is cut, nothing is read": {secure: true, killed: true, count: lost},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			defer listener.Close()
			cfg := Config{Network: "tcp", Address: listener.Addr().String(), Timeout: time.Minute, Hold: time.Hour}
			if test.secure {
				cfg.TLS = client
			}
			d := NewDialer(cfg)
			defer d.Close()
			accepted := make(chan net.Conn, 1)
			go func() {
				peer, _ := listener.Accept()
				if test.secure {
					secure := tls.Server(peer, server)
					_ = secure.Handshake()
					peer = secure
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
			if test.killed {
				peer = peer.(*tls.Conn).NetConn()
			}
			require.NoError(t, peer.(interface{ CloseWrite() error }).CloseWrite())
			<-c.Done()
			require.NoError(t, peer.Close())
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
