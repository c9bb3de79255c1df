package mailcore_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/internal/sockets"
	base "example.com/zaphandlers/zapcore"
)

// hasty is a server that reads at most limit bytes of a mail, and then answers.
type hasty struct {
	limit  int
	answer string
	stalls bool // it reads no more; else it hangs up

	done chan struct{}
}

// hastyBuffer is what the system holds at each end, in bytes, or about.
const hastyBuffer = 16 << 10

func (h *hasty) serve(conn net.Conn) {
	defer conn.Close()
	_ = conn.(*net.TCPConn).SetReadBuffer(hastyBuffer)
	r := bufio.NewReaderSize(conn, 16)
	say := func(text string) { _, _ = io.WriteString(conn, text+"\r\n") }
	say("220 test")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		if !strings.HasPrefix(line, "DATA") {
			say("250 ok")
			continue
		}
		say("354 go on")
		for n := 0; line != ".\r\n"; n += len(line) {
			if n > h.limit {
				say(h.answer)
				if h.stalls {
					<-h.done
				}
				return
			}
			if line, err = r.ReadString('\n'); err != nil {
				return
			}
		}
		say("250 taken")
	}
}

// TestAServerThatRefusesAMailBeforeItsEnd holds that its answer counts, though the mail could not be written.
func TestAServerThatRefusesAMailBeforeItsEnd(t *testing.T) {
	large := strings.Repeat("large ", 1<<16) // more than the system holds for a server that does not read
	for _, test := range []struct {
		answer string
		final  bool
	}{{"552 5.3.4 too large", true}, {"554-no\r\n554 spam", true}, {"451 4.3.0 not now", false}, {"452 4.3.1 full", false}, {"421 ending", false}} {
		for _, stalls := range []bool{false, true} {
			t.Run(fmt.Sprintf("%.3s, stalls %v", test.answer, stalls), func(t *testing.T) {
				if !stalls && runtime.GOOS == "windows" {
					t.Skip("the system forgets what was said before a reset")
				}
				h := &hasty{limit: 20_000, answer: test.answer, stalls: stalls, done: make(chan struct{})}
				peer := sockets.Listen(t, "tcp", h.serve)
				t.Cleanup(func() { close(h.done) })
				cfg := configFor(&server{})
				cfg.InlineBytes, cfg.Timeout = 64<<20, sockets.Brief
				cfg.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
					conn, err := new(net.Dialer).DialContext(ctx, "tcp", peer.Address())
					if err == nil {
						err = conn.(*net.TCPConn).SetWriteBuffer(hastyBuffer)
					}
					return conn, err
				}
				core := newCore(t, cfg)
				n, err := core.WriteBatch(batchOf(t, "a", large, "b"))
				require.ErrorContains(t, err, test.answer[:3])
				if !test.final {
					assert.Zero(t, n)
					require.ErrorAs(t, err, new(*base.RetryError))
					return
				}
				assert.Equal(t, 3, n)
				var rejected *base.RejectedError
				require.ErrorAs(t, err, &rejected)
				assert.Equal(t, []int{1}, rejected.Indexes)
				assert.EqualValues(t, 2, core.Stats().Delivered)
			})
		}
	}
}
