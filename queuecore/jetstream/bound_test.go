package jetstream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/queuecore"
	base "example.com/zaphandlers/zapcore"
)

// A batch may be larger than the stream: its records are stored as room is made. A record that can never fit is refused, and the
// others are taken.
func TestAppendMoreThanTheStreamTakes(t *testing.T) {
	e := open(t, Config{Dir: t.TempDir(), MaxBytes: 64 << 10})
	require.NoError(t, e.Ack("reader", 0))
	var want []string
	for i := range 150 {
		want = append(want, strings.Repeat(string(rune('a'+i%26)), 1000))
	}
	large := strings.Repeat("L", 20<<10)
	batch := batchOf(t, append([]string{large}, want...)...)
	read := make(chan []string)
	go func() { read <- readAll(t, e, "reader", len(want)) }()
	var err error
	require.Eventually(t, func() bool {
		_, err = e.Append(batch)
		return !errors.As(err, new(*base.RetryError))
	}, 20*time.Second, time.Millisecond)
	var rejected *base.RejectedError
	require.ErrorAs(t, err, &rejected)
	require.Equal(t, []int{0}, rejected.Indexes)
	require.ErrorContains(t, err, "larger than a quarter of MaxBytes")
	require.Equal(t, want, <-read)
}

// The first pieces of a record that finds no room stay in the stream, and do not prevent the record from being stored later.
func TestPiecesOfAFullStream(t *testing.T) {
	e := open(t, Config{Dir: t.TempDir(), MaxBytes: 256 << 10})
	require.NoError(t, e.Ack("reader", 0))
	large := strings.Repeat("L", 60<<10)
	const before = 95
	for range before {
		appendAll(t, e, strings.Repeat("s", 2<<10))
	}
	for range 3 {
		_, err := e.Append(batchOf(t, large))
		require.ErrorAs(t, err, new(*base.RetryError))
	}
	require.Len(t, readAll(t, e, "reader", before), before)
	appendAll(t, e, large, large)
	require.Equal(t, []string{large, large}, readAll(t, e, "reader", 2))
}

// The present MaxBytes and MaxAge apply, whatever the stream was made with.
func TestBoundsThatChange(t *testing.T) {
	dir := t.TempDir()
	for _, cfg := range []Config{
		{MaxBytes: 64 << 10, MaxAge: time.Hour}, {MaxBytes: 1 << 20, MaxAge: time.Minute}, {MaxBytes: 64 << 10}, {},
	} {
		cfg.Dir = dir
		e := open(t, cfg)
		appendAll(t, e, "one more")
		info, err := e.records.Info(t.Context())
		require.NoError(t, err)
		require.Equal(t, orNoLimit(cfg.MaxBytes), info.Config.MaxBytes)
		require.Equal(t, cfg.MaxAge, info.Config.MaxAge)
		require.NoError(t, e.Close(t.Context()))
	}
	s := newTestServer(t, nil).start()
	for _, cfg := range []Config{{MaxBytes: 64 << 10}, {MaxBytes: 128 << 10}, {MaxAge: time.Hour}, {}} {
		cfg.URL = s.url()
		e := open(t, cfg)
		require.GreaterOrEqual(t, e.bound, cfg.MaxBytes)
		require.NoError(t, e.Close(t.Context()))
	}
	e := open(t, Config{URL: s.url()})
	require.EqualValues(t, 128<<10, e.bound, "in a cluster what nobody names stays")
	require.Equal(t, time.Hour, e.records.CachedInfo().Config.MaxAge)
}

// The server comes back with a smaller max_payload: records that could not be published go into smaller messages.
func TestAServerThatTakesLessThanBefore(t *testing.T) {
	s := newTestServer(t, nil).start()
	e := open(t, Config{URL: s.url(), Timeout: 2 * time.Second})
	appendAll(t, e, "before")
	s.stop()
	batch := batchOf(t, strings.Repeat("x", 100<<10), strings.Repeat("y", 100<<10))
	_, err := e.Append(batch)
	require.ErrorAs(t, err, new(*base.RetryError))
	s.options.MaxPayload = 32 << 10
	s.start()
	require.Eventually(t, func() bool { _, err = e.Append(batch); return err == nil }, 20*time.Second, time.Millisecond)
	require.Len(t, readAll(t, e, "reader", 3), 3)

	s = newTestServer(t, func(o *server.Options) { o.MaxPayload = 4 << 10 }).start()
	_, err = New(Config{URL: s.url()})
	require.ErrorContains(t, err, "its max_payload is to be 8192 or more")
}

// Somebody bounds the messages of the stream (max_msg_size): records that could not be published go into smaller messages, and do not
// block later ones.
func TestAStreamThatTakesLessThanBefore(t *testing.T) {
	for _, most := range []int32{32 << 10, 4 << 10} {
		s := newTestServer(t, nil).start()
		e := open(t, Config{URL: s.url(), Timeout: 2 * time.Second})
		appendAll(t, e, "before")
		cfg := e.records.CachedInfo().Config
		cfg.MaxMsgSize = most
		_, err := e.js.UpdateStream(t.Context(), cfg)
		require.NoError(t, err)
		batch := batchOf(t, strings.Repeat("x", 100<<10), strings.Repeat("y", 100<<10))
		require.Eventually(t, func() bool { _, err = e.Append(batch); return err == nil }, 20*time.Second, time.Millisecond)
		appendAll(t, e, "behind")
		require.Len(t, readAll(t, e, "reader", 4), 4)
		require.NoError(t, e.Close(t.Context()))
		e = open(t, Config{URL: s.url(), Timeout: 2 * time.Second})
		appendAll(t, e, strings.Repeat("z", 100<<10))
		require.Len(t, readAll(t, e, "reader", 1), 1)
	}
}

// The stream of cursors is deleted: it is made again, no unread record is purged, and reading goes on.
func TestTheStreamOfCursorsIsDeleted(t *testing.T) {
	s := newTestServer(t, nil).start()
	e := open(t, Config{URL: s.url(), Timeout: 5 * time.Second})
	for _, m := range numbered(6) {
		appendAll(t, e, m)
	}
	require.Equal(t, numbered(6)[:2], readPast(t, e, "slow", 2))
	require.Equal(t, numbered(6)[:4], readPast(t, e, "fast", 4))
	require.NoError(t, e.js.DeleteStream(t.Context(), "logs_cursors"))
	require.Equal(t, numbered(6)[4:], readPast(t, e, "fast", 2))
	purgeRead(t.Context(), e, "", place{})
	require.Equal(t, numbered(6)[2:], readPast(t, e, "slow", 4))
	require.Zero(t, e.Missed())
	require.True(t, purgeRead(t.Context(), e, "", place{}))
	require.NoError(t, e.js.DeleteStream(t.Context(), "logs_cursors"))
	appendAll(t, e, "6")
	require.Equal(t, []string{"5", "6"}, readPast(t, e, "new", 2), "a new one begins with the oldest record that is there")
}

// The stream keeps everything for a target that is gone or renamed, until it is full. Forget makes room.
func TestAFullStreamForATargetThatIsGone(t *testing.T) {
	dir := t.TempDir()
	cfg := Config{Dir: dir, MaxBytes: 1 << 20, Timeout: 2 * time.Second}
	e := open(t, cfg)
	require.NoError(t, e.Ack("gone and *", 0))
	require.NoError(t, e.Ack("here", 0))
	batch := batchOf(t, strings.Repeat("x", 100<<10))
	n, err := 0, error(nil)
	for ; err == nil; n++ {
		_, err = e.Append(batch)
	}
	require.Len(t, readAll(t, e, "here", n-1), n-1)
	require.NoError(t, e.Close(t.Context()))

	e = open(t, cfg)
	_, err = e.Append(batch)
	require.ErrorContains(t, err, `maximum bytes exceeded, for "gone and *", which has not passed record 1`)
	require.NoError(t, e.Forget("gone and *"))
	require.NoError(t, e.Forget("gone and *"), "it is not there")
	require.NoError(t, e.Forget("a name. with > and *"))
	last, err := e.Append(batch)
	require.NoError(t, err)
	var b base.Batch
	read, err := e.Read(t.Context(), "here", &b)
	require.NoError(t, err)
	require.Equal(t, last, read)
	require.NoError(t, e.Ack("here", read))
	require.NoError(t, e.Close(t.Context()))
	require.ErrorIs(t, e.Forget("here"), queuecore.ErrClosed)
}

// Pieces of two records that two processes append at once are never joined, whatever their order.
func TestPiecesOfTwoAtOnce(t *testing.T) {
	s := newTestServer(t, func(o *server.Options) { o.MaxPayload = 16 << 10 }).start()
	one, other := open(t, Config{URL: s.url()}), open(t, Config{URL: s.url()})
	large := func(message string) string { return message + strings.Repeat("x", 20<<10) }
	pieces := slices.Collect(slices.Chunk(pack(tapesOf(batchOf(t, large("one")))), one.limit()))
	require.Len(t, pieces, 2)
	one.appender.begin(nil, pieces[0], part{1, 2})
	require.NoError(t, one.appender.publish(t.Context(), 0))
	other.appender.begin(nil, pieces[0], part{1, 2})
	require.NoError(t, other.appender.publish(t.Context(), 0))
	one.appender.begin(nil, pieces[1], part{2, 2})
	require.ErrorIs(t, one.appender.publish(t.Context(), 1), errInterleaved)
	appendAll(t, one, large("one"))
	appendAll(t, other, large("other"))
	require.Equal(t, []string{large("one"), large("other")}, readAll(t, one, "reader", 2))
}

// A record in pieces is not stored again because the acknowledgement of the last is lost.
func TestTheLastPieceWhoseAcknowledgementIsLost(t *testing.T) {
	s := newTestServer(t, func(o *server.Options) { o.MaxPayload = 16 << 10 }).start()
	proxy := newProxy(t, s.options.Port)
	e := open(t, Config{URL: proxy.url(), Timeout: 300 * time.Millisecond})
	other := open(t, Config{URL: s.url()})
	for i, between := range []bool{false, true} {
		large := batchOf(t, fmt.Sprint(i, strings.Repeat("x", 20<<10)))
		tapes := tapesOf(large)
		require.NoError(t, e.appender.findEnd(t.Context()))
		pieces := slices.Collect(slices.Chunk(pack(tapes), e.limit()))
		e.appender.begin(nil, pieces[0], part{1, 2})
		require.NoError(t, e.appender.publish(t.Context(), 0))
		e.appender.begin(tapes, pieces[1], part{2, 2})
		proxy.deaf.Store(true)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		require.Error(t, e.appender.publish(ctx, 1))
		cancel()
		e.appender.remember(nil)
		if between {
			appendAll(t, other, "another's")
		}
		proxy.deaf.Store(false)
		proxy.cut()
		require.Eventually(t, func() bool { _, err := e.Append(large); return err == nil }, 20*time.Second, time.Millisecond)
		require.Equal(t, uint64(1+2*i), e.appender.number)
	}
	got := readAll(t, other, "reader", 3)
	for i := range got {
		got[i] = got[i][:1]
	}
	require.Equal(t, []string{"0", "1", "a"}, got)
}

func tapesOf(b *base.Batch) (tapes [][]byte) {
	for i := range b.Len() {
		tapes = append(tapes, b.Tape(i))
	}
	return tapes
}

// A stream that takes no message at all takes the records when somebody has raised its bound.
func TestAStreamThatTakesNothing(t *testing.T) {
	s := newTestServer(t, nil).start()
	e := open(t, Config{URL: s.url(), Timeout: 2 * time.Second})
	appendAll(t, e, "before")
	set := func(most int32) {
		cfg := e.records.CachedInfo().Config
		cfg.MaxMsgSize = most
		_, err := e.js.UpdateStream(t.Context(), cfg)
		require.NoError(t, err)
	}
	set(1)
	for range 3 {
		_, err := e.Append(batchOf(t, "a", "b"))
		require.Error(t, err)
	}
	set(-1)
	appendAll(t, e, "a", "b")
	require.Len(t, readAll(t, e, "reader", 3), 3)
}
