package jetstream

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/queuecore"
	base "example.com/zaphandlers/zapcore"
)

// insist appends until the server takes it.
func insist(t *testing.T, e *Engine, messages ...string) {
	t.Helper()
	var err error
	require.Eventually(t, func() bool { _, err = e.Append(batchOf(t, messages...)); return err == nil }, 20*time.Second, time.Millisecond, "%v", err)
}

// exchange stops a server, puts what is in another folder in the place of its own, and starts it.
func (s *testServer) exchange(store string) {
	s.stop()
	require.NoError(s.t, os.RemoveAll(s.options.StoreDir))
	if store != "" {
		require.NoError(s.t, os.CopyFS(s.options.StoreDir, os.DirFS(store)))
	}
	s.start()
}

// copied stops a server, copies what it has, and starts it.
func (s *testServer) copied() (store string) {
	s.stop()
	store = filepath.Join(s.t.TempDir(), "copy")
	require.NoError(s.t, os.CopyFS(store, os.DirFS(s.options.StoreDir)))
	s.start()
	return store
}

// A server has lost its store, and the process that knows the smaller number appends first: the new records have numbers that the reader
// has acknowledged, and are delivered nevertheless.
func TestNumbersOfAnotherStream(t *testing.T) {
	s := newTestServer(t, nil).start()
	cfg := Config{URL: s.url(), Timeout: 2 * time.Second}
	one, other, r := open(t, cfg), open(t, cfg), open(t, cfg)
	appendAll(t, other, "a", "b", "c")
	for i := range 5 {
		appendAll(t, one, fmt.Sprint("before ", i))
	}
	require.Len(t, readPast(t, r, "c", 8), 8)
	s.exchange("")
	for _, m := range numbered(8) { // more than there were: the reader finds something where it asks
		insist(t, other, m)
	}
	insist(t, one, "8")
	require.Equal(t, numbered(9), readPast(t, r, "c", 9))
	require.Zero(t, r.Missed())
	require.NoError(t, r.Close(t.Context()))
	r = open(t, cfg)
	insist(t, one, "9")
	require.Equal(t, []string{"9"}, readPast(t, r, "c", 1))
}

// A server has fewer messages than before, after a loss of power or from a copy: new messages have sequences that cursors have passed.
func TestAServerWithLessThanItHad(t *testing.T) {
	for name, fewer := range map[string]bool{"fewer messages than before": true, "more messages than before": false} {
		t.Run(name, func(t *testing.T) {
			s := newTestServer(t, nil).start()
			cfg := Config{URL: s.url(), Timeout: 2 * time.Second}
			e, r := open(t, cfg), open(t, cfg)
			appendAll(t, e, "0", "1")
			require.Equal(t, numbered(2), readPast(t, r, "c", 2))
			store := s.copied()
			for _, m := range numbered(6) {
				insist(t, e, m)
			}
			require.Equal(t, numbered(6), readPast(t, r, "c", 6))
			s.exchange(store)
			n := 9
			if fewer {
				n = 3
			}
			for _, m := range numbered(n) {
				insist(t, e, m)
			}
			require.Equal(t, numbered(n), readPast(t, r, "c", n))
			require.Zero(t, r.Missed())
		})
	}
}

// The same in this process, where the stream of the cursors is newer than that of the records.
func TestAFolderWithCursorsThatAreNewer(t *testing.T) {
	dir := t.TempDir()
	records := filepath.Join(dir, "jetstream", "$G", "streams", "logs")
	e := open(t, Config{Dir: dir})
	appendAll(t, e, "0", "1")
	require.NoError(t, e.Ack("slow", 0))
	require.Equal(t, numbered(2), readPast(t, e, "c", 2))
	require.NoError(t, e.Close(t.Context()))
	store := filepath.Join(t.TempDir(), "copy")
	require.NoError(t, os.CopyFS(store, os.DirFS(records)))
	e = open(t, Config{Dir: dir})
	for _, m := range numbered(6) {
		appendAll(t, e, m)
	}
	require.Equal(t, numbered(6), readPast(t, e, "c", 6))
	require.NoError(t, e.Close(t.Context()))
	require.NoError(t, os.RemoveAll(records))
	require.NoError(t, os.CopyFS(records, os.DirFS(store)))
	e = open(t, Config{Dir: dir})
	for _, m := range numbered(9) {
		appendAll(t, e, m)
	}
	require.Equal(t, numbered(9), readPast(t, e, "c", 9))
	require.Equal(t, append(numbered(2), numbered(9)...), readPast(t, e, "slow", 11))
}

// Append returns the number of the last record of the stream, whoever has appended it: Stop of a Listener delivers up to that.
func TestTheLastRecordIsOfTheStream(t *testing.T) {
	s := newTestServer(t, nil).start()
	e, listener := open(t, Config{URL: s.url()}), open(t, Config{URL: s.url()})
	appendAll(t, e, numbered(5)...)
	last, err := listener.Append(batchOf(t))
	require.NoError(t, err)
	require.Equal(t, uint64(5), last)
}

// A stream with settings by which acknowledged records would not be kept, or not be found, is refused.
func TestAStreamThatKeepsNothing(t *testing.T) {
	s := newTestServer(t, nil).start()
	maker := open(t, Config{URL: s.url(), Stream: "another"})
	for want, change := range map[string]func(*jetstream.StreamConfig){
		"retention interest": func(c *jetstream.StreamConfig) { c.Retention = jetstream.InterestPolicy },
		"a subject transform": func(c *jetstream.StreamConfig) {
			c.SubjectTransform = &jetstream.SubjectTransformConfig{Source: c.Subjects[0], Destination: "elsewhere"}
		},
		"no_ack": func(c *jetstream.StreamConfig) { c.NoAck = true },
		"sealed": nil,
	} {
		cfg := streamOf("logs", "zaphandlers.logs.records")
		if change != nil {
			change(&cfg)
		}
		_, err := maker.js.CreateStream(t.Context(), cfg)
		require.NoError(t, err)
		if change == nil {
			cfg.Sealed = true
			_, err = maker.js.UpdateStream(t.Context(), cfg)
			require.NoError(t, err)
		}
		_, err = New(Config{URL: s.url()})
		require.ErrorContains(t, err, "stream logs is there with "+want)
		require.NoError(t, maker.js.DeleteStream(t.Context(), "logs"))
	}
}

// The server remembers message ids only briefly: after a lost acknowledgement the message is looked for in the stream, also if another
// message has come behind it.
func TestAServerThatForgetsWhatItHad(t *testing.T) {
	s := newTestServer(t, nil).start()
	proxy := newProxy(t, s.options.Port)
	other := open(t, Config{URL: s.url()})
	cfg := other.records.CachedInfo().Config
	cfg.Duplicates = 100 * time.Millisecond
	_, err := other.js.UpdateStream(t.Context(), cfg)
	require.NoError(t, err)
	e := open(t, Config{URL: proxy.url(), Timeout: 8 * time.Second})
	proxy.deaf.Store(true)
	done := make(chan error)
	go func() { _, err := e.Append(batchOf(t, "1")); done <- err }()
	require.Equal(t, []string{"1"}, readPast(t, other, "c", 1))
	appendAll(t, other, "another's")
	require.Eventually(t, func() bool { // of another message, which came later
		ack, err := other.js.Publish(t.Context(), other.subject, []byte("somebody's"), jetstream.WithMsgID("somebody's"))
		return err == nil && !ack.Duplicate && ack.Sequence > 3
	}, 20*time.Second, time.Millisecond, "the server forgets")
	proxy.deaf.Store(false)
	proxy.cut()
	require.NoError(t, <-done)
	appendAll(t, e, "2")
	require.Equal(t, []string{"another's", "2"}, readPast(t, other, "c", 2))
}

// A server, or an account, has no room at all: purging read messages makes room, also for the message of a cursor.
func TestAServerWithoutRoomForACursor(t *testing.T) {
	s := newTestServer(t, func(o *server.Options) { o.JetStreamMaxStore = 64 << 10 }).start()
	e := open(t, Config{URL: s.url(), Timeout: 2 * time.Second})
	require.NoError(t, e.Ack("c", 0))
	n := 0
	var err error
	for ; err == nil; n++ {
		_, err = e.Append(batchOf(t, strings.Repeat("x", 1000)))
	}
	require.ErrorAs(t, err, new(*base.RetryError))
	require.ErrorContains(t, err, `insufficient resources, for "c"`)
	require.Len(t, readPast(t, e, "c", n-1), n-1)
	appendAll(t, e, "there is room")
}

// Records that a full stream has refused are not stored later, when there is room, unless they are appended again.
func TestWhatAFullStreamHasRefusedDoesNotCome(t *testing.T) {
	s := newTestServer(t, nil).start()
	e := open(t, Config{URL: s.url()})
	cfg := e.records.CachedInfo().Config
	cfg.MaxMsgs = 2
	_, err := e.js.UpdateStream(t.Context(), cfg)
	require.NoError(t, err)
	require.NoError(t, e.Ack("c", 0))
	appendAll(t, e, "0")
	appendAll(t, e, "1")
	_, err = e.Append(batchOf(t, "refused"))
	require.ErrorContains(t, err, "maximum messages exceeded")
	require.Equal(t, numbered(2), readPast(t, e, "c", 2))
	insist(t, e, "2")
	require.Equal(t, []string{"2"}, readPast(t, e, "c", 1))
}

// Somebody changes where the stream answers: the next call goes there.
func TestAStreamThatAnswersElsewhere(t *testing.T) {
	s := newTestServer(t, nil).start()
	e, other := open(t, Config{URL: s.url()}), open(t, Config{URL: s.url()})
	appendAll(t, e, "0")
	cfg := e.records.CachedInfo().Config
	cfg.AllowDirect = false
	_, err := e.js.UpdateStream(t.Context(), cfg)
	require.NoError(t, err)
	require.Equal(t, []string{"0"}, readPast(t, e, "c", 1))
	appendAll(t, e, "1")
	insist(t, other, "2")
	require.Equal(t, []string{"1", "2"}, readPast(t, e, "c", 2))
}

// A Listener that has stopped while the server did not answer may still be in a call when the next one begins.
func TestAReaderThatComesWhileTheLastOneWaits(t *testing.T) {
	e := open(t, Config{Dir: t.TempDir()})
	require.NoError(t, e.Ack("c", 0))
	read := make(chan uint64)
	for range 2 {
		go func() {
			last, err := e.Read(t.Context(), "c", new(base.Batch))
			assert.NoError(t, err)
			read <- last
		}()
	}
	appendAll(t, e, "0")
	require.Equal(t, uint64(1), <-read)
	require.Equal(t, uint64(1), <-read)
	require.NoError(t, e.Ack("c", 1))
	appendAll(t, e, "1")
	require.Equal(t, []string{"1"}, readPast(t, e, "c", 1))
}

// If the server is away the error says so; the text of the client would speak of a buffer.
func TestAServerThatIsAwayIsNamed(t *testing.T) {
	s := newTestServer(t, nil).start()
	e := open(t, Config{URL: s.url(), Timeout: 500 * time.Millisecond})
	appendAll(t, e, "0")
	s.stop()
	require.Eventually(t, e.conn.IsReconnecting, 20*time.Second, time.Millisecond)
	for name, call := range map[string]func() error{
		"Append": func() error { _, err := e.Append(batchOf(t, "1")); return err },
		"Read":   func() error { _, err := e.Read(t.Context(), "c", batchOf(t)); return err },
		"Ack":    func() error { return e.Ack("c", 1) },
	} {
		err := call()
		require.ErrorContains(t, err, "no connection to a server", name)
		require.False(t, errors.Is(err, queuecore.ErrClosed), name)
	}
}

// seek finds the first record beyond a number, at its first piece, whatever other messages are between.
func TestSeek(t *testing.T) {
	s := newTestServer(t, func(o *server.Options) { o.MaxPayload = 64 << 10 }).start()
	e := open(t, Config{URL: s.url()})
	var first []uint64 // the sequence of the message in which each record begins
	for i := range 40 {
		first = append(first, e.appender.sequence+1)
		text := strconv.Itoa(i)
		if i%7 == 3 {
			text = strings.Repeat("L", 150<<10) // in three pieces
		}
		appendAll(t, e, text)
		if i%5 == 2 {
			publish(t, e, e.subject, "hello", nil)
			require.NoError(t, e.appender.findEnd(t.Context()))
		}
	}
	last := e.appender.sequence
	for number := range 40 {
		at, err := (&reader{engine: e}).seek(t.Context(), uint64(number), 1, last)
		require.NoError(t, err)
		require.LessOrEqual(t, at, first[number])
		for ; at < first[number]; at++ { // only somebody else's is before it
			msg, err := e.records.GetMsg(t.Context(), at)
			require.NoError(t, err)
			require.Equal(t, "hello", string(msg.Data))
		}
	}
	at, err := (&reader{engine: e}).seek(t.Context(), 40, 1, last)
	require.NoError(t, err)
	require.Equal(t, last+1, at)
}
