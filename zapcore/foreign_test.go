package zapcore_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/multierr"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// odd is a WriteSyncer, a LevelEnabler and a BatchEmitter of which one method does something odd.
type odd struct {
	bytes.Buffer
	method string
	do     func()
}

func (o *odd) at(method string) {
	if o.method == method {
		o.do()
	}
}

func (o *odd) Write(p []byte) (int, error)              { o.at("Write"); return o.Buffer.Write(p) }
func (o *odd) Sync() error                              { o.at("Sync"); return nil }
func (o *odd) Flush() error                             { o.at("Flush"); return nil }
func (o *odd) Close() error                             { o.at("Close"); return nil }
func (o *odd) Enabled(zapcore.Level) bool               { o.at("Enabled"); return true }
func (o *odd) Emit(_ zapcore.Entry, frame []byte) error { _, err := o.Write(frame); return err }

// What is not ours does not end the program that logs: its panic costs the record at most, and is an error of the call.
func TestNothingThatIsNotOursEndsTheProgram(t *testing.T) {
	for _, method := range []string{"Write", "Sync", "Flush", "Close", "Enabled"} {
		for name, core := range map[string]func(o *odd) *base.Handler{
			"FromWriter": func(o *odd) *base.Handler { return base.FromWriter(jsonEncoder(), o, o) },
			"Handler": func(o *odd) *base.Handler {
				h, err := base.NewHandler(base.HandlerConfig{
					Name: "test", Level: o, Encoder: jsonEncoder(), Emitter: o, Report: base.NewReporter("test", func(error) {}),
				})
				require.NoError(t, err)
				return h
			},
		} {
			t.Run(name+", "+method, func(t *testing.T) {
				o := &odd{method: method, do: func() { panic("not ours") }}
				h := core(o)
				var errorOutput bytes.Buffer
				logger := zap.New(h, zap.ErrorOutput(zapcore.AddSync(&errorOutput)))
				logger.Info("first")
				logger.DPanic("urgent")
				_ = h.Level()
				errs := map[string]error{"Sync": h.Sync(), "Flush": h.Flush()}
				require.Equal(t, method == "Write", strings.Contains(errorOutput.String(), "panic: not ours"), errorOutput.String())
				if err, ok := errs[method]; ok {
					require.ErrorAs(t, err, new(*base.PanicError))
					require.ErrorContains(t, err, ": "+strings.ToLower(method)+": panic: not ours")
				}
				o.method = ""
				logger.Info("last")
				require.Contains(t, o.String(), `"last"`)
				o.method = method
				require.NotPanics(t, func() { _ = h.Close() })
				s := h.Stats()
				require.Zero(t, s.Missing())
				require.Equal(t, uint64(3), s.Delivered+s.Refused)
				require.Equal(t, uint64(strings.Count(o.String(), "\n")), s.Delivered)
			})
		}
	}
}

// A goroutine that is ended within (as t.FailNow does it) leaves no lock behind.
func TestAGoroutineThatIsEndedWithin(t *testing.T) {
	for _, method := range []string{"Write", "Sync", "Flush", "Enabled"} {
		t.Run(method, func(t *testing.T) {
			o := &odd{method: method, do: runtime.Goexit}
			h := base.FromWriter(jsonEncoder(), o, o)
			var wg sync.WaitGroup
			wg.Go(func() { zap.New(h).DPanic("first") })
			wg.Go(func() { _ = h.Sync() })
			wg.Go(func() { _ = h.Flush() })
			wg.Go(func() { _, _ = h.WriteBatch(batchOf(t, "batch")) })
			wg.Wait()
			o.method = ""
			zap.New(h).Info("last")
			require.Contains(t, o.String(), `"last"`)
			require.NoError(t, h.Close())
			require.Zero(t, h.Stats().Missing())
		})
	}
}

// A RecordWriter and a BatchEmitter of others may say what cannot be: it is read as what can.
type oddCounts struct {
	odd
	n   int
	err error
}

func (o *oddCounts) WriteRecords([]byte, []int) (int, error)          { return o.n, o.err }
func (o *oddCounts) EmitBatch(*base.Batch, *base.Frames) (int, error) { return o.n, o.err }

func TestCountsThatCannotBe(t *testing.T) {
	tooMany := &base.RejectedError{Indexes: []int{0, 1, 2, 3, 4, 5}, Err: io.EOF}
	again := &base.RetryError{Indexes: []int{0, 1, 2, 3, 4, 5}, Err: io.EOF}
	outside := &base.RejectedError{Indexes: []int{-1, 7}, Err: io.EOF}
	for _, n := range []int{math.MinInt, -1, 0, 2, 3, 4, math.MaxInt} {
		for _, err := range []error{nil, io.EOF, tooMany, again, outside, multierr.Append(tooMany, again)} {
			o := &oddCounts{n: n, err: err}
			h, newErr := base.NewHandler(base.HandlerConfig{Name: "test", Formatter: plain{}, Emitter: o})
			require.NoError(t, newErr)
			for name, h := range map[string]*base.Handler{"FromWriter": base.FromWriter(jsonEncoder(), o, nil), "Handler": h} {
				done, gotErr := h.WriteBatch(batchOf(t, "a", "b", "c"))
				require.GreaterOrEqual(t, done, 0, "%s: %d, %v", name, n, err)
				require.LessOrEqual(t, done, 3, "%s: %d, %v", name, n, err)
				require.True(t, done == 3 || gotErr != nil, "%s: %d, %v", name, n, err)
				s := h.Stats()
				require.LessOrEqual(t, s.Accepted+s.Refused, uint64(3), "%s: %d, %v: %v", name, n, err, s)
				outcomes := make([]base.Outcome, 3)
				_, _ = base.Offer(h, batchOf(t, "a", "b", "c"), false, outcomes)
			}
		}
	}
}

// What knows no fsync (a terminal, a pipe) has nothing to sync: that is no error. A writer of several files says what the others say.
func TestAFileThatKnowsNoSync(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	defer w.Close()
	failed := errors.New("a disk that failed")
	closed, err := os.Create(t.TempDir() + "/closed")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	for name, test := range map[string]struct {
		ws   zapcore.WriteSyncer
		want []error
	}{
		"a pipe":            {w, nil},
		"a pipe, locked":    {zapcore.Lock(w), nil},
		"a pipe and a disk": {zap.CombineWriteSyncers(w, brokenSync{failed}), []error{failed}},
		"a closed file":     {closed, []error{os.ErrClosed}},
		"another EINVAL":    {brokenSync{os.ErrInvalid}, []error{os.ErrInvalid}},
	} {
		t.Run(name, func(t *testing.T) {
			h := base.FromWriter(jsonEncoder(), test.ws, nil)
			for _, err := range []error{h.Sync(), h.Close()} {
				if test.want == nil {
					assert.NoError(t, err)
				}
				for _, want := range test.want {
					assert.ErrorIs(t, err, want)
					assert.Len(t, multierr.Errors(err), 1)
				}
			}
		})
	}
}

type brokenSync struct{ err error }

func (s brokenSync) Write(p []byte) (int, error) { return len(p), nil }
func (s brokenSync) Sync() error                 { return s.err }

// failingOnce returns an error for its first line.
type failingOnce struct {
	bytes.Buffer
	failed bool
}

func (f *failingOnce) Write(p []byte) (int, error) {
	if !f.failed {
		f.failed = true
		return 0, io.ErrClosedPipe
	}
	return f.Buffer.Write(p)
}

func (f *failingOnce) Sync() error { return nil }

// What could not be told was not told: it is when it comes again.
func TestReportToAWriterThatFails(t *testing.T) {
	out := new(failingOnce)
	ws := base.ReportTo(out)
	line := []byte(time.Now().String() + " write error: disk full\n")
	_, err := ws.Write(line)
	require.Error(t, err)
	for range 3 {
		_, err = ws.Write(line)
		require.NoError(t, err)
	}
	require.Equal(t, 1, strings.Count(out.String(), "disk full"))
	out.failed = false
	other := []byte(time.Now().String() + " write error: another\n")
	_, err = ws.Write(other)
	require.Error(t, err)
	_, err = ws.Write(other)
	require.NoError(t, err)
	require.Contains(t, out.String(), "the last error came 2 more times\n")
	require.Contains(t, out.String(), "another")
}
