package jetstream

import (
	"io"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
)

// A server sends a permission error, and does not answer the call: the error of the call has it, and nothing is written to stderr.
func TestWhatIsNotPermittedIsInTheError(t *testing.T) {
	user := &server.User{Username: "shop", Password: "secret"}
	s := newTestServer(t, func(o *server.Options) { o.Users = []*server.User{user} })
	for denied, call := range map[string]func(e *Engine) error{
		"zaphandlers.logs.records": func(e *Engine) error {
			_, err := e.Append(batchOf(t, "a"))
			return err
		},
		"zaphandlers.logs.cursor.n-a": func(e *Engine) error {
			appendAll(t, e, "a")
			_, err := e.Read(t.Context(), "a", batchOf(t))
			return err
		},
	} {
		user.Permissions = &server.Permissions{Publish: &server.SubjectPermission{Deny: []string{denied}}}
		s.start()
		stderr := captured(t, func() {
			e, err := New(Config{URL: strings.Replace(s.url(), "://", "://shop:secret@", 1), Timeout: 2 * time.Second})
			require.NoError(t, err)
			require.ErrorContains(t, call(e), `Permissions Violation for Publish to "`+denied+`"`)
			s.stop()
			require.Eventually(t, func() bool { return !e.conn.IsConnected() }, 20*time.Second, time.Millisecond)
			require.NoError(t, e.Close(t.Context()))
		})
		require.Empty(t, stderr)
	}
}

// An old server error is not taken for the cause of a new error.
func TestWhatWasSaidLongAgoIsNoCause(t *testing.T) {
	e := &Engine{cfg: Config{Timeout: time.Second}}
	e.serverErrors.handle(nil, nil, nats.ErrPermissionViolation)
	require.ErrorIs(t, withServerError(e, io.EOF), nats.ErrPermissionViolation)
	require.Equal(t, io.EOF, withServerError(e, io.EOF), "it is told once")
	e.serverErrors.last.Store(&serverError{nats.ErrPermissionViolation, time.Now().Add(-time.Minute)})
	require.Equal(t, io.EOF, withServerError(e, io.EOF))
}

// captured returns what f writes to stderr.
func captured(t *testing.T, f func()) string {
	read, write, err := os.Pipe()
	require.NoError(t, err)
	stderr := os.Stderr
	os.Stderr = write
	defer func() { os.Stderr = stderr }()
	f()
	require.NoError(t, write.Close())
	text, err := io.ReadAll(read)
	require.NoError(t, err)
	return string(text)
}

// accessControl lets clients in or not, and counts those that it has refused.
type accessControl struct {
	shut    atomic.Bool
	refused atomic.Int32
}

func (d *accessControl) Check(server.ClientAuthentication) bool {
	if d.shut.Load() {
		d.refused.Add(1)
		return false
	}
	return true
}

// A server that refuses the client for a while, because its users were changed, costs no record: the client connects again and again.
func TestAServerThatRefusesForAWhile(t *testing.T) {
	door := new(accessControl)
	s := newTestServer(t, func(o *server.Options) { o.CustomClientAuthentication = door }).start()
	e, err := New(Config{URL: s.url(), Timeout: 2 * time.Second})
	require.NoError(t, err)
	defer e.Close(t.Context())
	appendAll(t, e, "a")
	s.stop()
	door.shut.Store(true)
	s.start()
	require.Eventually(t, func() bool { return door.refused.Load() >= 2 && !e.conn.IsConnected() }, 20*time.Second, time.Millisecond)
	_, err = e.Append(batchOf(t, "b"))
	require.ErrorIs(t, err, nats.ErrAuthorization)
	door.shut.Store(false)
	require.Eventually(t, func() bool { _, err := e.Append(batchOf(t, "b")); return err == nil }, 20*time.Second, time.Millisecond)
	require.Equal(t, []string{"a", "b"}, readAll(t, e, "reader", 2))
}
