package connection

import (
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
