package writesyncers

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	base "example.com/zaphandlers/zapcore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
)

func TestStreamWritesToWhatItIsGiven(t *testing.T) {
	var out bytes.Buffer
	s := NewStream(&out)
	write(t, s, "one\n")
	n, err := s.WriteRecords(batch("two\n", "three\n"))
	require.NoError(t, err)
	assert.Equal(t, 2, n)
	assert.Equal(t, "one\ntwo\nthree\n", out.String())
	assert.JSONEq(t, `{"accepted":3,"delivered":3,"dropped":0,"skipped":0,"pending":0,"refused":0,
		"bytes":14,"opens":0,"repeated":0,"rotations":0,"compressed":0,"errors":0}`, s.Stats().String())
}

func TestStreamNilIsStandardError(t *testing.T) {
	s := NewStream(nil)
	old, err := s.SetStream(io.Discard)
	require.NoError(t, err)
	assert.Same(t, os.Stderr, old)
	old, err = s.SetStream(nil)
	require.NoError(t, err)
	assert.Equal(t, io.Discard, old)
}

func TestStreamSetStreamFlushesTheOldOne(t *testing.T) {
	var first, second bytes.Buffer
	buffered := bufio.NewWriter(&first)
	s := NewStream(buffered)
	write(t, s, "one\n")
	assert.Empty(t, first.String())

	old, err := s.SetStream(&second)
	require.NoError(t, err)
	assert.Same(t, buffered, old)
	assert.Equal(t, "one\n", first.String())

	old, err = s.SetStream(&second)
	require.NoError(t, err)
	assert.Nil(t, old, "the same stream again is no change")
	write(t, s, "two\n")
	assert.Equal(t, "two\n", second.String())
}

// incomparable is a writer that == panics on.
type incomparable struct{ _ []string }

func (incomparable) Write(p []byte) (int, error) { return len(p), nil }

func TestStreamSetStreamTakesWritersThatKnowNoEquality(t *testing.T) {
	s := NewStream(incomparable{})
	old, err := s.SetStream(incomparable{})
	require.NoError(t, err)
	assert.Equal(t, incomparable{}, old)
}

func TestStreamSyncOnAPipeIsNil(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	defer w.Close()
	assert.NoError(t, NewStream(w).Sync())
}

func TestStreamSyncOnAFileIsAnFsync(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	require.NoError(t, err)
	s := NewStream(f)
	require.NoError(t, s.Sync())
	require.NoError(t, f.Close())
	assert.ErrorIs(t, s.Sync(), os.ErrClosed)
}

// shortWriter takes a few bytes and says nothing of it, as no io.Writer should.
type shortWriter struct{ room int }

func (s shortWriter) Write(p []byte) (int, error) { return min(s.room, len(p)), nil }

func TestStreamSaysWhichRecordsAreWhole(t *testing.T) {
	s := NewStream(shortWriter{room: 6})
	n, err := s.WriteRecords(batch("one\n", "two\n", "three\n"))
	assert.ErrorIs(t, err, io.ErrShortWrite)
	assert.Equal(t, 1, n)
	assert.Equal(t, Stats{Stats: base.Stats{Accepted: 1, Delivered: 1, Refused: 2}, Bytes: 6}, s.Stats())
}

// stingyWriter takes as many bytes as it is given leave for.
type stingyWriter struct {
	bytes.Buffer
	room int
}

func (w *stingyWriter) Write(p []byte) (int, error) {
	n := min(w.room, len(p))
	w.room -= n
	w.Buffer.Write(p[:n])
	if n < len(p) {
		return n, errors.New("no room")
	}
	return n, nil
}

// A writer that takes a part of a record, as a pipe that does not wait for its reader: the next one begins a line of its own.
func TestStreamOverAWriterThatTakesAPart(t *testing.T) {
	for room, want := range map[int]string{
		0: "two\nthree\nfour\n", 2: "on\ntwo\nthree\nfour\n", 3: "one\ntwo\nthree\nfour\n", 4: "one\ntwo\nthree\nfour\n", 5: "one\nt\ntwo\nthree\nfour\n",
	} {
		w := &stingyWriter{room: room}
		s := NewStream(w)
		_, err := s.Write([]byte("one\n"))
		require.Equal(t, room < 4, err != nil)
		_, err = s.Write([]byte("two\n"))
		require.Error(t, err)
		w.room = 100
		write(t, s, "two\n")
		n, err := s.WriteRecords(batch("three\n", "four\n"))
		require.NoError(t, err)
		require.Equal(t, 2, n)
		assert.Equal(t, want, w.String(), "room for %d", room)
	}
	w := &stingyWriter{room: 2}
	s := NewStream(w)
	_, err := s.Write([]byte("one"))
	require.Error(t, err)
	w.room = 100
	write(t, s, "two", "three\n")
	assert.Equal(t, "ontwothree\n", w.String(), "what is no line gets no line end")
}

// closeWatcher fails to flush and knows whether it was closed.
type closeWatcher struct {
	bytes.Buffer
	closed bool
}

func (c *closeWatcher) Close() error { c.closed = true; return nil }
func (c *closeWatcher) Sync() error  { return errors.New("no room") }

func TestStreamCloseFlushesAndLeavesTheWriterOpen(t *testing.T) {
	w := &closeWatcher{}
	s := NewStream(w)
	assert.EqualError(t, s.Close(), "writesyncers: stream: no room")
	assert.NoError(t, s.Close(), "a second Close does nothing")
	assert.False(t, w.closed)
	_, err := s.Write([]byte("late\n"))
	assert.ErrorIs(t, err, os.ErrClosed)
	_, err = s.WriteRecords(batch("late\n"))
	assert.ErrorIs(t, err, os.ErrClosed)
	assert.ErrorIs(t, s.Sync(), os.ErrClosed)
}

// panicky is a writer that panics.
type panicky struct{}

func (panicky) Write([]byte) (int, error) { panic("at the writer") }
func (panicky) Sync() error               { panic("at the sync") }

// A writer that panics is an error, and keeps no lock.
func TestStreamOverAWriterThatPanics(t *testing.T) {
	s := NewStream(panicky{})
	_, err := s.Write([]byte("one\n"))
	assert.EqualError(t, err, "writesyncers: stream: panic: at the writer")
	n, err := s.WriteRecords(batch("two\n", "three\n"))
	assert.ErrorContains(t, err, "at the writer")
	assert.Zero(t, n)
	assert.ErrorContains(t, s.Sync(), "at the sync")
	assert.Equal(t, uint64(3), s.Stats().Refused)
	_, err = s.SetStream(io.Discard)
	assert.ErrorContains(t, err, "at the sync")
	write(t, s, "four\n")
	require.NoError(t, s.Close())
}

// A stream of several writers of which one takes nothing: behind a queue the others get each record once.
func TestStreamOfSeveralWriters(t *testing.T) {
	var good bytes.Buffer
	full := errors.New("no space left")
	for name, w := range map[string]io.Writer{
		"io.MultiWriter":      io.MultiWriter(&good, failingWriter{full}),
		"NewMultiWriteSyncer": zapcore.NewMultiWriteSyncer(zapcore.AddSync(&good), zapcore.AddSync(failingWriter{full})),
	} {
		good.Reset()
		s := NewStream(w)
		n, err := s.WriteRecords([]byte("a\nb\n"), []int{2, 4})
		require.Equal(t, 2, n, name)
		var rejected *base.RejectedError
		require.ErrorAs(t, err, &rejected, name)
		assert.Equal(t, []int{0, 1}, rejected.Indexes, name)
		require.ErrorIs(t, err, full, name)
		assert.Equal(t, "a\nb\n", good.String(), name)
		assert.Equal(t, base.Stats{Refused: 2}, s.Stats().Stats, name)
		_, err = s.SetStream(&good)
		require.NoError(t, err)
		n, err = s.WriteRecords([]byte("c\n"), []int{2})
		require.NoError(t, err, name)
		assert.Equal(t, 1, n, name)
	}
	s := NewStream(zapcore.NewMultiWriteSyncer(zapcore.AddSync(failingWriter{full}), zapcore.AddSync(&good)))
	n, err := s.WriteRecords([]byte("a\n"), []int{2})
	assert.Equal(t, 1, n, "which says that it has taken all")
	assert.ErrorIs(t, err, full)
	s = NewStream(failingWriter{full})
	n, err = s.WriteRecords([]byte("a\nb\n"), []int{2, 4})
	assert.Zero(t, n, "of one writer they are tried again")
	assert.ErrorIs(t, err, full)
}

// failingWriter takes nothing.
type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }
