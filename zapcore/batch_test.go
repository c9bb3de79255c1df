package zapcore_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// batchOf returns records with the messages given.
func batchOf(t *testing.T, messages ...string) *base.Batch {
	t.Helper()
	var b base.Batch
	for _, m := range messages {
		var r base.Record
		require.NoError(t, r.Capture(zapcore.Entry{Message: m, Level: zapcore.ErrorLevel}, base.Context{}, nil))
		b.Add(r.Bytes())
	}
	return &b
}

// script is an Emitter with prepared answers; it keeps its frames.
type script struct {
	answers map[string]error // by message
	got     []string
	syncs   int
}

func (s *script) Emit(ent zapcore.Entry, frame []byte) error {
	if err := s.answers[string(frame)]; err != nil {
		return err
	}
	s.got = append(s.got, string(frame))
	return nil
}
func (s *script) Sync() error  { s.syncs++; return nil }
func (s *script) Close() error { return nil }

// scriptBatch is a script that takes batches and answers for the first frame that has an answer.
type scriptBatch struct{ script }

func (s *scriptBatch) EmitBatch(batch *base.Batch, frames *base.Frames) (int, error) {
	if batch.Len() != frames.Len() {
		return 0, errors.New("the batch does not fit the frames")
	}
	for i := range frames.Len() {
		if m := batch.At(i).Entry().Message; m != string(frames.At(i)) {
			return i, fmt.Errorf("frame %q is of record %q", frames.At(i), m)
		}
		if err := s.Emit(batch.At(i).Entry(), frames.At(i)); err != nil {
			return i, err
		}
	}
	return frames.Len(), nil
}

// plain formats a record as its message, and cannot format "bad".
type plain struct{}

func (plain) Append(dst []byte, r *base.Record) ([]byte, error) {
	if r.Entry().Message == "bad" {
		return append(dst, "half"...), errors.New("cannot format")
	}
	return append(dst, r.Entry().Message...), nil
}

func newHandler(t *testing.T, e base.Emitter) *base.Handler {
	t.Helper()
	h, err := base.NewHandler(base.HandlerConfig{Name: "test", Formatter: plain{}, Emitter: e})
	require.NoError(t, err)
	return h
}

// A RejectedError of Emit counts once, for the one record of the batch, with or without an index.
func TestARejectionIsToldOnce(t *testing.T) {
	tooLarge := errors.New("too large")
	for _, err := range []error{
		&base.RejectedError{Indexes: []int{0}, Err: tooLarge},
		&base.RejectedError{Err: tooLarge},
	} {
		h := newHandler(t, &script{answers: map[string]error{"b": err}})
		_, told := h.WriteBatch(batchOf(t, "a", "b"))
		require.EqualError(t, told, "1 record rejected: too large")
		var rejected *base.RejectedError
		require.ErrorAs(t, told, &rejected)
		require.Equal(t, []int{1}, rejected.Indexes)
	}
	require.EqualError(t, &base.RejectedError{Err: tooLarge}, "rejected: too large")
}

func TestWriteBatchContract(t *testing.T) {
	down, busy := errors.New("down"), &base.RetryError{After: time.Minute, Err: errors.New("busy")}
	refused := &base.RejectedError{Indexes: []int{0}, Err: errors.New("too large")}
	tests := map[string]struct {
		messages []string
		answers  map[string]error
		n        int
		rejected []int
		retry    bool
		after    time.Duration
		got      []string
	}{
		"all":                              {messages: []string{"a", "b"}, n: 2, got: []string{"a", "b"}},
		"none":                             {messages: nil, n: 0},
		"one that cannot be formatted":     {messages: []string{"a", "bad", "b"}, n: 3, rejected: []int{1}, got: []string{"a", "b"}},
		"the first and last unformattable": {messages: []string{"bad", "a", "bad", "bad"}, n: 4, rejected: []int{0, 2, 3}, got: []string{"a"}},
		"down in the middle":               {messages: []string{"a", "b", "c"}, answers: map[string]error{"b": down}, n: 1, retry: true, got: []string{"a"}},
		"down after one that was rejected": {messages: []string{"bad", "a", "b"}, answers: map[string]error{"b": down}, n: 2, rejected: []int{0}, retry: true, got: []string{"a"}},
		"busy":                             {messages: []string{"a", "b"}, answers: map[string]error{"a": busy}, n: 0, retry: true, after: time.Minute},
		"refused, with no index":           {messages: []string{"a", "b"}, answers: map[string]error{"a": &base.RejectedError{Err: errors.New("too large")}}, n: 2, rejected: []int{0}, got: []string{"b"}},
		"refused by the destination":       {messages: []string{"a", "b", "c"}, answers: map[string]error{"b": refused}, n: 3, rejected: []int{1}, got: []string{"a", "c"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := &script{answers: test.answers}
			h := newHandler(t, e)
			n, err := h.WriteBatch(batchOf(t, test.messages...))
			require.Equal(t, test.n, n)
			require.Equal(t, test.got, e.got)
			var rejected *base.RejectedError
			require.Equal(t, test.rejected != nil, errors.As(err, &rejected), "%v", err)
			if test.rejected != nil {
				require.Equal(t, test.rejected, rejected.Indexes)
			}
			var retry *base.RetryError
			require.Equal(t, test.retry, errors.As(err, &retry), "%v", err)
			if test.retry {
				require.Equal(t, test.after, retry.After)
			}
			require.Equal(t, n < len(test.messages), err != nil && test.retry, "n < Len comes with an error")
			s := h.Stats()
			require.Equal(t, uint64(len(test.got)), s.Accepted)
			require.Equal(t, uint64(len(test.rejected)), s.Refused)
			require.Zero(t, s.Missing())
		})
	}
}

func TestEmitBatchSeesItsRecords(t *testing.T) {
	e := &scriptBatch{}
	h := newHandler(t, e)
	n, err := h.WriteBatch(batchOf(t, "a", "bad", "b", "c"))
	require.Equal(t, 4, n)
	var rejected *base.RejectedError
	require.ErrorAs(t, err, &rejected)
	require.Equal(t, []int{1}, rejected.Indexes)
	require.Equal(t, []string{"a", "b", "c"}, e.got)
}

// sizes is a BatchEmitter that keeps how large its batches were.
type sizes struct {
	script
	bytes []int
	count int
}

func (s *sizes) EmitBatch(batch *base.Batch, frames *base.Frames) (int, error) {
	s.bytes = append(s.bytes, len(frames.Bytes()))
	for i := range frames.Len() {
		if want := batch.At(i).Entry().Message; want != string(frames.At(i)) {
			return i, errors.New("the frames are not of these records")
		}
		s.count++
	}
	return frames.Len(), nil
}

func TestAHugeBatchIsEmittedInParts(t *testing.T) {
	e := &sizes{}
	h := newHandler(t, e)
	var messages []string
	for i := range 100 {
		messages = append(messages, fmt.Sprint(i, strings.Repeat("x", 64<<10)))
	}
	n, err := h.WriteBatch(batchOf(t, messages...))
	require.NoError(t, err)
	require.Equal(t, 100, n)
	require.Equal(t, 100, e.count)
	require.Len(t, e.bytes, 4, "two megabytes a part: %v", e.bytes)
	require.Equal(t, uint64(100), h.Stats().Delivered)
}

// stub is a clock that stands still until it is set.
type stub struct{ now time.Time }

func (s *stub) Now() time.Time                         { return s.now }
func (s *stub) NewTicker(d time.Duration) *time.Ticker { return time.NewTicker(d) }

func TestBackoffOfAHandler(t *testing.T) {
	e := &script{answers: map[string]error{"x": &base.RetryError{Err: errors.New("no connection")}}}
	clock := &stub{now: epoch}
	h, err := base.NewHandler(base.HandlerConfig{Name: "test", Formatter: plain{}, Emitter: e, Clock: clock})
	require.NoError(t, err)
	write := func(m string) error { return h.Write(zapcore.Entry{Message: m}, nil) }

	require.EqualError(t, write("x"), "no connection")
	first := write("y")
	require.EqualError(t, first, "test: backing off: no connection")
	require.Same(t, first, write("z"), "the same error for every record, made once")
	n, err := h.WriteBatch(batchOf(t, "y"))
	require.Zero(t, n)
	var retry *base.RetryError
	require.ErrorAs(t, err, &retry)
	require.Equal(t, time.Second, retry.After, "a holder is told when to try again")
	require.Empty(t, e.got)

	clock.now = epoch.Add(time.Second)
	require.NoError(t, write("y"), "Python's first delay is over")
	require.Equal(t, []string{"y"}, e.got)
	s := h.Stats()
	require.Equal(t, uint64(1), s.Accepted)
	require.Equal(t, uint64(3), s.Refused)
}

func TestAnErrorOfOneRecordIsNoBackoff(t *testing.T) {
	e := &script{answers: map[string]error{"x": errors.New("broken pipe")}}
	h := newHandler(t, e)
	require.Error(t, h.Write(zapcore.Entry{Message: "x"}, nil))
	require.NoError(t, h.Write(zapcore.Entry{Message: "y"}, nil), "as in Python, the next record tries at once")
}

func TestUrgentRecordsAreSynced(t *testing.T) {
	e := &script{}
	h := newHandler(t, e)
	require.NoError(t, h.Write(zapcore.Entry{Message: "e", Level: zapcore.ErrorLevel}, nil))
	require.Zero(t, e.syncs)
	for i, l := range []zapcore.Level{zapcore.DPanicLevel, zapcore.PanicLevel, zapcore.FatalLevel} {
		require.NoError(t, h.Write(zapcore.Entry{Message: "f", Level: l}, nil))
		require.Equal(t, i+1, e.syncs, "%v", l)
	}
}

// unsafe is an Emitter whose Sync fails when it is told to.
type unsafe struct {
	script
	err error
}

func (u *unsafe) Sync() error { return u.err }

func TestASyncThatFailsIsToldEachTimeItBegins(t *testing.T) {
	e := &unsafe{}
	var said []string
	h, err := base.NewHandler(base.HandlerConfig{Name: "test", Formatter: plain{}, Emitter: e,
		Report: base.NewReporter("test", func(err error) { said = append(said, err.Error()) })})
	require.NoError(t, err)
	fatal := zapcore.Entry{Message: "f", Level: zapcore.FatalLevel}
	for _, e.err = range []error{nil, errors.New("disk"), errors.New("disk"), nil, errors.New("disk")} {
		require.NoError(t, h.Write(fatal, nil), "the record was taken")
	}
	require.Equal(t, []string{"disk", "test: working again, 0 records were lost", "disk"}, said)
}

// accountingEmitter is an Emitter that learns later what was delivered, has something to tell, holds bytes back, and numbers frames.
type accountingEmitter struct {
	script
	delivered, dropped uint64
	notice             error
	flushes, skipped   int
}

func (b *accountingEmitter) Account() (delivered, dropped uint64, ok bool) {
	return b.delivered, b.dropped, true
}
func (b *accountingEmitter) Notice() error { err := b.notice; b.notice = nil; return err }
func (b *accountingEmitter) Flush() error  { b.flushes++; return nil }
func (b *accountingEmitter) Skip()         { b.skipped++ }

func TestWhatAnEmitterMayDoBeside(t *testing.T) {
	e := &accountingEmitter{script: script{answers: map[string]error{"x": &base.RetryError{Err: errors.New("away")}}}}
	var said []string
	h, err := base.NewHandler(base.HandlerConfig{Name: "test", Formatter: plain{}, Emitter: e,
		Report: base.NewReporter("test", func(err error) { said = append(said, err.Error()) })})
	require.NoError(t, err)
	write := func(m string) error { return h.Write(zapcore.Entry{Message: m}, nil) }
	for range 3 {
		require.NoError(t, write("a"))
	}
	e.delivered, e.dropped = 1, 1
	require.Equal(t, base.Stats{Accepted: 3, Delivered: 1, Dropped: 1, Pending: 1}, h.Stats(), "the Accountant's word counts")

	e.notice = errors.New("one of two refused")
	require.NoError(t, write("b"))
	require.Equal(t, []string{"one of two refused"}, said, "a Noticer is asked after a record that was taken")

	require.NoError(t, h.Flush())
	require.Equal(t, 1, e.flushes)

	require.Error(t, write("x"))
	require.Zero(t, e.skipped, "that one was the Emitter's own to refuse")
	require.Error(t, write("y"))
	require.Equal(t, 1, e.skipped, "a Skipper hears of what a backoff refused")
}

// limited is a writer that has room for some bytes.
type limited struct {
	bytes.Buffer
	room int
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.room)
	l.room -= n
	l.Buffer.Write(p[:n])
	if n < len(p) {
		return n, io.ErrShortWrite
	}
	return n, nil
}
func (*limited) Sync() error { return nil }

func TestFromWriterCountsWholeRecords(t *testing.T) {
	line := zapcore.NewConsoleEncoder(zapcore.EncoderConfig{MessageKey: "m"})
	w := &limited{room: 7}
	h := base.FromWriter(line, w, nil)
	n, err := h.WriteBatch(batchOf(t, "one", "two", "three"))
	require.Equal(t, 1, n, "four bytes of seven are record one, three are part of record two")
	require.ErrorIs(t, err, io.ErrShortWrite)
	w.room = 100
	var rest base.Batch
	rest.Slice(batchOf(t, "one", "two", "three"), n, 3)
	n, err = h.WriteBatch(&rest)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.Equal(t, "one\ntwo\ntwo\nthree\n", w.String(), "a plain writer cannot take back the part it wrote, but the next begins a line")
	require.ErrorIs(t, h.Write(zapcore.Entry{Message: strings.Repeat("x", 200)}, nil), io.ErrShortWrite)
}

// recordWriter is told where records end.
type recordWriter struct {
	limited
	records []string
}

func (w *recordWriter) WriteRecords(b []byte, ends []int) (int, error) {
	start := 0
	for _, end := range ends {
		w.records = append(w.records, string(b[start:end]))
		start = end
	}
	return len(ends), nil
}

// complaining takes all it is given, and returns an error all the same: as a MultiWriteSyncer does of which one member fails.
type complaining struct{ bytes.Buffer }

func (c *complaining) Write(p []byte) (int, error) {
	n, _ := c.Buffer.Write(p)
	return n, errors.New("one of two")
}

func (c *complaining) Sync() error { return nil }

func TestFromWriterPassesOnTheErrorOfAWriterThatTookAll(t *testing.T) {
	w := &complaining{}
	h := base.FromWriter(zapcore.NewConsoleEncoder(zapcore.EncoderConfig{MessageKey: "m"}), w, nil)
	n, err := h.WriteBatch(batchOf(t, "a", "b"))
	require.Equal(t, 2, n)
	require.EqualError(t, err, "one of two")
	require.Equal(t, "a\nb\n", w.String())
	require.Equal(t, base.Stats{Accepted: 2, Delivered: 2}, h.Stats())
}

func TestFromWriterTellsARecordWriterWhereRecordsEnd(t *testing.T) {
	w := &recordWriter{}
	h := base.FromWriter(zapcore.NewConsoleEncoder(zapcore.EncoderConfig{MessageKey: "m"}), w, nil)
	n, err := h.WriteBatch(batchOf(t, "one\nof two lines", "two"))
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.Equal(t, []string{"one\nof two lines\n", "two\n"}, w.records)
}

// zap's own wrappers hide that a writer is a RecordWriter. It gets each record by a Write of its own then, as from
// zap's core, so that a file that rotates counts the records, and stays below its size.
func TestFromWriterGivesOneRecordAtATimeToARecordWriterThatIsHidden(t *testing.T) {
	encoder := zapcore.NewConsoleEncoder(zapcore.EncoderConfig{MessageKey: "m"})
	for name, wrap := range map[string]func(ws ...zapcore.WriteSyncer) zapcore.WriteSyncer{
		"Lock":                    func(ws ...zapcore.WriteSyncer) zapcore.WriteSyncer { return zapcore.Lock(ws[0]) },
		"NewMultiWriteSyncer":     zapcore.NewMultiWriteSyncer,
		"zap.CombineWriteSyncers": func(ws ...zapcore.WriteSyncer) zapcore.WriteSyncer { return zap.CombineWriteSyncers(ws...) },
		"Lock of Lock":            func(ws ...zapcore.WriteSyncer) zapcore.WriteSyncer { return zapcore.Lock(zapcore.Lock(ws[0])) },
		"Lock in several in a Lock": func(ws ...zapcore.WriteSyncer) zapcore.WriteSyncer {
			return zapcore.Lock(zapcore.NewMultiWriteSyncer(zapcore.Lock(ws[0]), ws[1]))
		},
	} {
		hidden, other := &hiddenRecords{}, &hiddenWrites{}
		h := base.FromWriter(encoder, wrap(hidden, other), nil)
		n, err := h.WriteBatch(batchOf(t, "one", "two", "three"))
		require.NoError(t, err, name)
		require.Equal(t, 3, n, name)
		require.Equal(t, []string{"one\n", "two\n", "three\n"}, hidden.writes, name)
		hidden.fails = map[string]error{"two\n": io.ErrClosedPipe}
		n, err = base.FromWriter(encoder, zapcore.Lock(hidden), nil).WriteBatch(batchOf(t, "one", "two", "three"))
		require.ErrorIs(t, err, io.ErrClosedPipe, name)
		require.Equal(t, 1, n, name)

		alone := &hiddenWrites{}
		n, err = base.FromWriter(encoder, wrap(alone, &hiddenWrites{}), nil).WriteBatch(batchOf(t, "one", "two"))
		require.NoError(t, err, name)
		require.Equal(t, 2, n, name)
		require.Equal(t, []string{"one\ntwo\n"}, alone.writes, "where nobody wants to know, one write is enough: %s", name)
	}
}

// If one of several writers fails, the others get no record twice: nobody can tell which of them have it, so nothing is tried again.
func TestFromWriterTriesNothingAgainThatOneOfSeveralRefuses(t *testing.T) {
	encoder := zapcore.NewConsoleEncoder(zapcore.EncoderConfig{MessageKey: "m"})
	for name, join := range map[string]func(ws ...zapcore.WriteSyncer) zapcore.WriteSyncer{
		"NewMultiWriteSyncer":     zapcore.NewMultiWriteSyncer,
		"zap.CombineWriteSyncers": func(ws ...zapcore.WriteSyncer) zapcore.WriteSyncer { return zap.CombineWriteSyncers(ws...) },
		"io.MultiWriter": func(ws ...zapcore.WriteSyncer) zapcore.WriteSyncer {
			return zapcore.Lock(zapcore.AddSync(io.MultiWriter(ws[0], ws[1])))
		},
	} {
		for kind, good := range map[string]interface {
			zapcore.WriteSyncer
			written() string
		}{"any": &hiddenWrites{}, "a RecordWriter": &hiddenRecords{}} {
			h := base.FromWriter(encoder, join(good, &limited{room: 0}), nil)
			n, err := h.WriteBatch(batchOf(t, "one", "two"))
			require.Equal(t, 2, n, name, kind)
			var rejected *base.RejectedError
			require.ErrorAs(t, err, &rejected, name, kind)
			require.Equal(t, []int{0, 1}, rejected.Indexes, name, kind)
			require.ErrorIs(t, err, io.ErrShortWrite, name, kind)
			require.Equal(t, "one\ntwo\n", good.written(), name, kind)
			require.Equal(t, base.Stats{Refused: 2}, h.Stats(), name, kind)
		}
	}
}

// hiddenWrites notes each Write.
type hiddenWrites struct {
	writes []string
	fails  map[string]error
}

func (w *hiddenWrites) Write(p []byte) (int, error) {
	if err := w.fails[string(p)]; err != nil {
		return 0, err
	}
	w.writes = append(w.writes, string(p))
	return len(p), nil
}

func (w *hiddenWrites) Sync() error { return nil }

func (w *hiddenWrites) written() string { return strings.Join(w.writes, "") }

// hiddenRecords is a RecordWriter.
type hiddenRecords struct{ hiddenWrites }

func (w *hiddenRecords) WriteRecords([]byte, []int) (int, error) { panic("nobody can know of it") }

func TestNewHandlerNamesWhatIsMissing(t *testing.T) {
	tests := map[string]base.HandlerConfig{
		"HandlerConfig.Name is required":                         {},
		"HandlerConfig.Emitter is required":                      {Name: "x"},
		"HandlerConfig.Encoder or Formatter is required":         {Name: "x", Emitter: &script{}},
		"HandlerConfig.Encoder and Formatter exclude each other": {Name: "x", Emitter: &script{}, Encoder: jsonEncoder(), Formatter: plain{}},
	}
	for want, cfg := range tests {
		_, err := base.NewHandler(cfg)
		require.ErrorContains(t, err, want)
	}
}
