package jetstream

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	base "example.com/zaphandlers/zapcore"
)

// publish stores a message as another program would.
func publish(t *testing.T, e *Engine, subject, data string, header nats.Header) {
	t.Helper()
	_, err := e.conn.RequestMsg(&nats.Msg{Subject: subject, Data: []byte(data), Header: header}, 5*time.Second)
	require.NoError(t, err)
}

// readPast reads and acknowledges until it has n records, and ignores the errors about messages of other programs.
func readPast(t *testing.T, e *Engine, cursor string, n int) (messages []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for len(messages) < n {
		b := batchOf(t)
		last, err := e.Read(ctx, cursor, b)
		require.NoError(t, ctx.Err())
		if err != nil {
			continue
		}
		for i := range b.Len() {
			messages = append(messages, strings.Clone(b.At(i).Entry().Message))
		}
		require.NoError(t, e.Ack(cursor, last))
	}
	return messages
}

// Messages of another program are at the stream's end: Append and New work nevertheless, and the numbers go on.
func TestForeignMessagesAtTheEnd(t *testing.T) {
	for name, header := range map[string]nats.Header{
		"without a number":   {},
		"a number too large": {headerLast: []string{"18446744073709551615"}},
		"a number too small": {headerLast: []string{"0"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTestServer(t, nil).start()
			e := open(t, Config{URL: s.url(), Timeout: 2 * time.Second})
			appendAll(t, e, "0", "1")
			publish(t, e, e.subject, string(pack([][]byte{batchOf(t, "x").Tape(0), batchOf(t, "y").Tape(0)})), header)
			last, err := e.Append(batchOf(t, "2"))
			require.NoError(t, err)
			require.Equal(t, uint64(3), last)
			publish(t, e, e.subject, "hello", header)
			require.NoError(t, e.Close(t.Context()))
			e = open(t, Config{URL: s.url(), Timeout: 2 * time.Second})
			last, err = e.Append(batchOf(t, "3"))
			require.NoError(t, err)
			require.Equal(t, uint64(4), last)
			require.Equal(t, numbered(4), readPast(t, e, "c", 4))
			require.Zero(t, e.Missed())
		})
	}
}

// Another program has overwritten a cursor: its reader begins with the oldest record, and purging goes on.
func TestACursorThatIsNone(t *testing.T) {
	for _, text := range []string{"hello", "18446744073709551615 18446744073709551615", "1", ""} {
		s := newTestServer(t, nil).start()
		e := open(t, Config{URL: s.url(), Timeout: 2 * time.Second})
		publish(t, e, e.cursors.subject+token("c"), text, nil)
		appendAll(t, e, numbered(3)...)
		require.Equal(t, numbered(3), readPast(t, e, "c", 3), text)
		require.NoError(t, e.Close(t.Context()))
		e = open(t, Config{URL: s.url(), Timeout: 2 * time.Second})
		appendAll(t, e, "3")
		require.Equal(t, []string{"3"}, readPast(t, e, "c", 1), text)
	}
}

// The stream is deleted: it is made again, and readers that were far along in the old one get the records of the new one.
func TestTheStreamIsDeleted(t *testing.T) {
	s := newTestServer(t, nil).start()
	e := open(t, Config{URL: s.url(), Timeout: 5 * time.Second})
	for _, m := range numbered(5) {
		appendAll(t, e, m)
	}
	require.Equal(t, numbered(5)[:3], readPast(t, e, "c", 3))
	require.NoError(t, e.js.DeleteStream(t.Context(), "logs"))
	last, err := e.Append(batchOf(t, "5"))
	require.NoError(t, err)
	require.Equal(t, uint64(6), last)
	require.Equal(t, []string{"5"}, readPast(t, e, "c", 1))
	require.Equal(t, uint64(2), e.Missed(), "what was in the old one is counted")
	require.NoError(t, e.Close(t.Context()))
	e = open(t, Config{URL: s.url(), Timeout: 5 * time.Second})
	appendAll(t, e, "6")
	require.Equal(t, []string{"6"}, readPast(t, e, "c", 1))
}

// The folder of the server in this process is removed or moved: an error says so, and later records go to a new folder.
func TestTheFolderIsRemoved(t *testing.T) {
	t.Parallel() // most of it is waiting
	if runtime.GOOS == "windows" {
		t.Skip("there an open file cannot be removed")
	}
	for _, remove := range []func(string) error{os.RemoveAll, func(dir string) error { return os.Rename(dir, dir+".moved") }} {
		dir := filepath.Join(t.TempDir(), "logs")
		e := open(t, Config{Dir: dir})
		appendAll(t, e, numbered(3)...)
		require.Equal(t, []string{"0", "1", "2"}, readPast(t, e, "c", 3))
		require.NoError(t, remove(dir))
		e.local.looked = time.Time{}
		_, err := e.Append(batchOf(t, "3"))
		require.ErrorContains(t, err, "was removed or moved")
		require.ErrorAs(t, err, new(*base.RetryError))
		appendAll(t, e, "3", "4")
		require.Equal(t, []string{"3", "4"}, readPast(t, e, "c", 2))
		_, err = New(Config{Dir: dir})
		require.ErrorContains(t, err, "is in use by another engine")
		require.NoError(t, e.Close(t.Context()))
		e = open(t, Config{Dir: dir})
		appendAll(t, e, "5")
		require.Equal(t, []string{"5"}, readPast(t, e, "c", 1))
	}
}

// If the server in this process cannot start, New returns the reason at once.
func TestAFolderThatHoldsSomethingElse(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "jetstream"), nil, 0o600))
	began := time.Now()
	_, err := New(Config{Dir: dir})
	require.ErrorContains(t, err, "directory")
	require.Less(t, time.Since(began), 5*time.Second)
}
