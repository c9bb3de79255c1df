package sysloghandler

import (
	"context"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/sockets"
	base "example.com/zaphandlers/zapcore"
)

// TestJournalWithoutFiles: where nothing can be passed in a file, as under a container's filter, what is too large is refused for good,
// with the reason. Behind a queue it would keep back all that comes later.
func TestJournalWithoutFiles(t *testing.T) {
	for _, test := range []struct {
		failure syscall.Errno
		final   bool
	}{
		{syscall.EPERM, true}, {syscall.ENOSYS, true}, {syscall.EACCES, true}, {syscall.EINVAL, true},
		{syscall.EMFILE, false}, {syscall.ENOMEM, false},
	} {
		t.Run(test.failure.Error(), func(t *testing.T) {
			path := sockets.Path(t)
			daemon, err := net.ListenPacket("unixgram", path)
			require.NoError(t, err)
			defer daemon.Close()
			core, err := New(Config{Network: journal, Address: path, OnError: never(t), Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := new(net.Dialer).DialContext(ctx, network, address)
				require.NoError(t, err)
				return &journalConn{conn.(*net.UnixConn), func(string, int) (int, error) { return 0, test.failure }}, nil
			}})
			require.NoError(t, err)
			defer core.Close()

			var batch base.Batch
			for _, message := range []string{"before", strings.Repeat("x", 1<<20), "behind"} {
				var record base.Record
				require.NoError(t, record.Capture(zapcore.Entry{Message: message}, base.Context{}, nil))
				batch.Add(record.Bytes())
			}
			n, err := core.WriteBatch(&batch)
			var rejected *base.RejectedError
			require.Equal(t, test.final, assert.ErrorAs(new(testing.T), err, &rejected), "%v", err)
			require.ErrorContains(t, err, "memfd_create: "+test.failure.Error())
			if test.final {
				assert.Equal(t, []int{1}, rejected.Indexes)
				assert.Equal(t, 3, n)
				assert.ErrorContains(t, err, "larger than the system sends: message too long, and no file can be passed")
			}
		})
	}
}
