package queuetest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore"
	base "example.com/zaphandlers/zapcore"
)

// Run runs every case as a subtest, each on an engine of its own. open must return a new, empty engine; the suite closes it.
func Run(t *testing.T, open func(t *testing.T) queuecore.Queue) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			q := open(t)
			t.Cleanup(func() { _ = q.Close(context.Background()) })
			c.run(t, q)
		})
	}
}

var cases = []struct {
	name string
	run  func(*testing.T, queuecore.Queue)
}{
	{"numbers begin at one and have no gaps", testNumbers},
	{"what is read is what was appended", testContent},
	{"append keeps nothing of the batch", testAppendCopies},
	{"read repeats what is not acknowledged", testRepeat},
	{"acknowledging in the middle of a batch", testPartialAck},
	{"acknowledging twice", testAckTwice},
	{"each cursor gets everything", testCursors},
	{"records are held for a cursor that is known", testKnownCursor},
	{"read waits for a record", testReadWaits},
	{"read ends with its context", testReadContext},
	{"read prefers records to the end of its context", testReadDone},
	{"read gives what came before the end of its context", testReadBeforeTheEnd},
	{"close ends a read that waits", testCloseReader},
	{"after close", testClosed},
	{"many appenders and readers", testConcurrent},
}

// patience is how long the suite waits for what should happen at once.
const patience = 10 * time.Second

func batchOf(t *testing.T, messages ...string) *base.Batch {
	t.Helper()
	var b base.Batch
	for i, m := range messages {
		var r base.Record
		ent := zapcore.Entry{Level: zapcore.WarnLevel, Time: time.Unix(1e9, int64(i)).UTC(), LoggerName: "queuetest", Message: m}
		require.NoError(t, r.Capture(ent, base.Context{}, []zapcore.Field{zap.String("key", m), zap.Int("i", i)}))
		b.Add(r.Bytes())
	}
	return &b
}

func appendAll(t *testing.T, q queuecore.Queue, messages ...string) uint64 {
	t.Helper()
	last, err := q.Append(batchOf(t, messages...))
	require.NoError(t, err)
	return last
}

// read returns the messages of one Read and the number of the last.
func read(t *testing.T, q queuecore.Queue, cursor string) (messages []string, last uint64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var b base.Batch
	last, err := q.Read(ctx, cursor, &b)
	require.NoError(t, err)
	for i := range b.Len() {
		messages = append(messages, strings.Clone(b.At(i).Entry().Message)) // valid until the next Read
	}
	return messages, last
}

// readAll reads and acknowledges until it has n messages.
func readAll(t *testing.T, q queuecore.Queue, cursor string, n int) (messages []string) {
	t.Helper()
	for len(messages) < n {
		more, last := read(t, q, cursor)
		require.NotEmpty(t, more, "a Read that returns no error gives something")
		messages = append(messages, more...)
		require.NoError(t, q.Ack(cursor, last))
	}
	require.Len(t, messages, n)
	return messages
}

func numbered(prefix string, n int) (messages []string) {
	for i := range n {
		messages = append(messages, fmt.Sprintf("%s %d", prefix, i))
	}
	return messages
}

func testNumbers(t *testing.T, q queuecore.Queue) {
	require.Equal(t, uint64(0), appendAll(t, q), "an empty batch adds nothing to an empty queue")
	require.Equal(t, uint64(3), appendAll(t, q, "a", "b", "c"))
	require.Equal(t, uint64(3), appendAll(t, q), "an empty batch adds nothing")
	require.Equal(t, uint64(4), appendAll(t, q, "d"))
	messages, last := read(t, q, "cursor")
	require.Equal(t, uint64(len(messages)), last, "the number returned is that of the last record added")
}

func testContent(t *testing.T, q queuecore.Queue) {
	want := batchOf(t, "first", "second", "")
	_, err := q.Append(want)
	require.NoError(t, err)
	var got base.Batch
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for at := 0; at < want.Len(); {
		got.Reset()
		last, err := q.Read(ctx, "cursor", &got)
		require.NoError(t, err)
		for i := range got.Len() {
			assert.Equal(t, want.Tape(at), got.Tape(i), "record %d, byte for byte", at)
			at++
		}
		require.NoError(t, q.Ack("cursor", last))
	}
}

func testAppendCopies(t *testing.T, q queuecore.Queue) {
	b := batchOf(t, "message before")
	_, err := q.Append(b)
	require.NoError(t, err)
	clear(b.Tape(0))
	require.Equal(t, []string{"message before"}, readAll(t, q, "cursor", 1))
}

func testRepeat(t *testing.T, q queuecore.Queue) {
	appendAll(t, q, "a", "b")
	first, _ := read(t, q, "cursor")
	again, last := read(t, q, "cursor")
	require.Equal(t, first[0], again[0], "a record that is not acknowledged comes again")
	require.NoError(t, q.Ack("cursor", last))
	appendAll(t, q, "c")
	require.Equal(t, []string{"a", "b", "c"}, append(again, readAll(t, q, "cursor", 3-len(again))...), "one that is does not")
}

func testPartialAck(t *testing.T, q queuecore.Queue) {
	appendAll(t, q, "a", "b", "c")
	read(t, q, "cursor")
	require.NoError(t, q.Ack("cursor", 1))
	require.Equal(t, []string{"b", "c"}, readAll(t, q, "cursor", 2))
}

func testAckTwice(t *testing.T, q queuecore.Queue) {
	appendAll(t, q, "a", "b", "c")
	require.Equal(t, []string{"a", "b", "c"}, readAll(t, q, "cursor", 3))
	require.NoError(t, q.Ack("cursor", 3))
	require.NoError(t, q.Ack("cursor", 1), "a cursor does not go back")
	appendAll(t, q, "d")
	require.Equal(t, []string{"d"}, readAll(t, q, "cursor", 1))
}

func testCursors(t *testing.T, q queuecore.Queue) {
	want := numbered("record", 50)
	appendAll(t, q, want...)
	slow, _ := read(t, q, "slow") // and acknowledges nothing
	require.Equal(t, want, readAll(t, q, "fast", 50))
	require.Equal(t, want[0], slow[0])
	require.Equal(t, want, readAll(t, q, "slow", 50), "what one cursor has acknowledged another still gets")
}

func testKnownCursor(t *testing.T, q queuecore.Queue) {
	require.NoError(t, q.Ack("slow", 0))
	want := numbered("record", 20)
	appendAll(t, q, want...)
	require.Equal(t, want, readAll(t, q, "fast", 20))
	require.Equal(t, want, readAll(t, q, "slow", 20))
}

func testReadWaits(t *testing.T, q queuecore.Queue) {
	got := make(chan []string)
	go func() {
		defer close(got)
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		var b base.Batch
		if _, err := q.Read(ctx, "cursor", &b); err == nil && b.Len() > 0 {
			got <- []string{b.At(0).Entry().Message}
		}
	}()
	appendAll(t, q, "late")
	require.Equal(t, []string{"late"}, <-got)
}

func testReadContext(t *testing.T, q queuecore.Queue) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err := q.Read(ctx, "cursor", &base.Batch{})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func testReadDone(t *testing.T, q queuecore.Queue) {
	appendAll(t, q, "a")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var b base.Batch
	_, err := q.Read(ctx, "cursor", &b)
	require.NoError(t, err, "so that a listener can drain what is there")
	require.Equal(t, 1, b.Len())
	require.NoError(t, q.Ack("cursor", 1))
	_, err = q.Read(ctx, "cursor", &base.Batch{})
	require.ErrorIs(t, err, context.Canceled)
}

func testReadBeforeTheEnd(t *testing.T, q queuecore.Queue) {
	for i := range uint64(50) {
		ctx, cancel := context.WithCancel(context.Background())
		got := make(chan error)
		go func() {
			var b base.Batch
			_, err := q.Read(ctx, "cursor", &b)
			got <- err
		}()
		appendAll(t, q, "a")
		cancel()
		require.NoError(t, <-got, "a listener that is stopped drains what was appended before")
		require.NoError(t, q.Ack("cursor", i+1))
	}
}

func testCloseReader(t *testing.T, q queuecore.Queue) {
	ended := make(chan error, 1)
	go func() {
		_, err := q.Read(context.Background(), "cursor", &base.Batch{})
		ended <- err
	}()
	require.NoError(t, q.Close(context.Background()))
	select {
	case err := <-ended:
		require.ErrorIs(t, err, queuecore.ErrClosed)
	case <-time.After(patience):
		require.Fail(t, "Close does not end a Read that waits")
	}
}

func testClosed(t *testing.T, q queuecore.Queue) {
	appendAll(t, q, "a")
	require.NoError(t, q.Close(context.Background()))
	require.NoError(t, q.Close(context.Background()), "Close is idempotent")
	_, err := q.Append(batchOf(t, "b"))
	require.ErrorIs(t, err, queuecore.ErrClosed)
	_, err = q.Read(context.Background(), "cursor", &base.Batch{})
	require.ErrorIs(t, err, queuecore.ErrClosed)
}

func testConcurrent(t *testing.T, q queuecore.Queue) {
	const appenders, each, readers = 4, 200, 3
	cursor := func(r int) string { return fmt.Sprint("reader ", r) }
	for r := range readers {
		require.NoError(t, q.Ack(cursor(r), 0), "from now on records are held for it")
	}
	var wg sync.WaitGroup
	for a := range appenders {
		wg.Go(func() {
			for _, m := range numbered(fmt.Sprint("appender ", a), each) {
				_, err := q.Append(batchOf(t, m))
				assert.NoError(t, err)
			}
		})
	}
	got := make([][]string, readers)
	for r := range readers {
		wg.Go(func() { got[r] = readAll(t, q, cursor(r), appenders*each) })
	}
	wg.Wait()
	for r := range readers {
		require.Equal(t, got[0], got[r], "every reader sees one order")
	}
	next := make(map[string]int)
	for _, m := range got[0] {
		var a, i int
		_, err := fmt.Sscanf(m, "appender %d %d", &a, &i)
		require.NoError(t, err)
		key := fmt.Sprint(a)
		require.Equal(t, next[key], i, "each appender's records come in its order")
		next[key]++
	}
}
