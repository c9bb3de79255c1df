package eventlog

import (
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

func TestLogServiceThatIsRestarted(t *testing.T) {
	windows := newFakeWindows("orders")
	core := open(t, windows, Config{})
	require.NoError(t, core.Write(entry(zapcore.InfoLevel, "before"), nil))
	windows.restart()
	require.NoError(t, core.Write(entry(zapcore.InfoLevel, "after"), nil), "the source is opened anew, and the event is not lost")
	require.NoError(t, core.Write(entry(zapcore.InfoLevel, "later"), nil))
	assert.Len(t, windows.written(), 3)
	assert.Equal(t, 2, windows.opens, "it is opened once a restart, not once an event")
	require.NoError(t, core.Close())
	assert.Zero(t, windows.handles())
}

func TestLogServiceThatIsDown(t *testing.T) {
	windows := newFakeWindows("orders")
	core := open(t, windows, Config{})
	windows.restart()
	windows.set(func() { windows.openErr = errStaleHandle })
	for range 2 {
		err := core.Write(entry(zapcore.InfoLevel, "lost"), nil)
		require.ErrorIs(t, err, errStaleHandle)
		require.ErrorContains(t, err, `eventlog: source "orders": RegisterEventSource: `)
	}
	windows.set(func() { windows.openErr = nil })
	require.NoError(t, core.Write(entry(zapcore.InfoLevel, "arrives"), nil), "it is tried again with each record")
	assert.Equal(t, Stats{Accepted: 1, Delivered: 1, Refused: 2}, core.Stats())
	assert.Equal(t, 4, windows.opens, "one attempt a record: in New, twice while it was down, once after")
}

func TestLogThatRefusesTwice(t *testing.T) {
	windows := newFakeWindows("orders")
	calls := 0
	windows.write = func(*event) error { calls++; return errStaleHandle }
	core := open(t, windows, Config{})
	err := core.Write(entry(zapcore.InfoLevel, "m"), nil)
	require.ErrorIs(t, err, errStaleHandle)
	require.ErrorContains(t, err, `eventlog: source "orders": ReportEvent: `)
	assert.Equal(t, 2, calls, "one more attempt with a new handle, no more")
	assert.Equal(t, 1, windows.handles())
}

func TestEventThatTheLogCondemns(t *testing.T) {
	windows := newFakeWindows("orders")
	calls := 0
	windows.write = func(ev *event) error {
		calls++
		if len(ev.text) > 100 {
			return errTooLarge
		}
		return nil
	}
	core := open(t, windows, Config{})
	n, err := core.WriteBatch(batchOf(t, "short", string(make([]byte, 200)), "short"))
	assert.Equal(t, 3, n, "those after it are written")
	var rejected *base.RejectedError
	require.ErrorAs(t, err, &rejected)
	assert.Equal(t, []int{1}, rejected.Indexes)
	assert.ErrorIs(t, err, errTooLarge)
	assert.Equal(t, 3, calls, "what cannot succeed is not tried twice")
	assert.Equal(t, Stats{Accepted: 2, Delivered: 2, Refused: 1}, core.Stats())
}

func TestBatchIsWrittenInOrder(t *testing.T) {
	windows := newFakeWindows("orders")
	core := open(t, windows, Config{Encoder: zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "m"})})
	n, err := core.WriteBatch(batchOf(t, "a", "b", "c"))
	require.NoError(t, err)
	assert.Equal(t, 3, n)
	var got []string
	for _, ev := range windows.written() {
		got = append(got, list(t, &ev)...)
	}
	assert.Equal(t, []string{`{"m":"a"}`, `{"m":"b"}`, `{"m":"c"}`}, got)
}

// hanging is a log service whose calls hang until they are let go.
type hanging struct {
	*fakeWindows
	hang chan struct{} // nil: calls return at once
}

func newHanging() *hanging {
	h := &hanging{fakeWindows: newFakeWindows("orders")}
	h.write = func(ev *event) error {
		h.mu.Lock()
		hang := h.hang
		h.events = append(h.events, clone(ev))
		h.mu.Unlock()
		if hang != nil {
			<-hang
		}
		return nil
	}
	return h
}

func (h *hanging) stall() { h.set(func() { h.hang = make(chan struct{}) }) }

func (h *hanging) letGo() {
	h.set(func() {
		close(h.hang)
		h.hang = nil
	})
}

func TestCallThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHanging()
		var told []string
		core, err := newCore(h, Config{Source: "orders", OnError: func(err error) { told = append(told, err.Error()) }})
		require.NoError(t, err)
		defer core.Close()
		h.stall()

		began := time.Now()
		err = core.Write(entry(zapcore.InfoLevel, "hangs"), nil)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.ErrorContains(t, err, `eventlog: source "orders": the log service does not answer`)
		require.Equal(t, 5*time.Second, time.Since(began), "it takes the timeout")

		began = time.Now()
		require.ErrorIs(t, core.Write(entry(zapcore.InfoLevel, "backoff"), nil), os.ErrDeadlineExceeded)
		require.Zero(t, time.Since(began), "then the log is left alone, and Write fails at once")

		err = core.Write(entry(zapcore.FatalLevel, "fatal"), nil)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, 5*time.Second, time.Since(began), "Fatal waits for the call that hangs")
		require.Len(t, h.written(), 1, "and does not touch what that call is given")

		require.Empty(t, told, "the callers know all there is to know")
		h.letGo()
		synctest.Wait()
		require.NoError(t, core.Write(entry(zapcore.FatalLevel, "arrives"), nil))
		require.NoError(t, core.Write(entry(zapcore.InfoLevel, "arrives"), nil))
		require.Equal(t, []string{`eventlog: source "orders": an event whose Write had timed out is in the log after all`}, told)
		require.Equal(t, Stats{Accepted: 2, Delivered: 2, Refused: 3}, core.Stats())
		require.Len(t, h.written(), 3)
	})
}

func TestHangingCallKeepsItsEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHanging()
		var late string
		keep := h.write
		h.write = func(ev *event) error {
			err := keep(ev)
			late = list(t, ev)[0] + " " + string(ev.data) // what ReportEvent would read if it went on only now
			return err
		}
		core, err := newCore(h, Config{
			Source:  "orders",
			Encoder: zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "m"}),
			Data:    func(ent zapcore.Entry, _ []zapcore.Field) []byte { return []byte(ent.Message) },
		})
		require.NoError(t, err)
		defer core.Close()
		h.stall()
		require.Error(t, core.Write(entry(zapcore.InfoLevel, "hangs"), nil))
		for range 3 {
			require.Error(t, core.Write(entry(zapcore.FatalLevel, "another"), nil))
		}
		h.letGo()
		synctest.Wait()
		require.Equal(t, `{"m":"hangs"} hangs`, late)
	})
}

func TestWithoutTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHanging()
		core, err := newCore(h, Config{Source: "orders", Timeout: -1})
		require.NoError(t, err)
		h.stall()
		written := make(chan error, 1)
		go func() { written <- core.Write(entry(zapcore.InfoLevel, "patient"), nil) }()
		time.Sleep(time.Hour) // of the bubble
		require.Empty(t, written)
		h.letGo()
		require.NoError(t, <-written)
		require.NoError(t, core.Close())
	})
}

func TestNewThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hangingOpen{fakeWindows: newFakeWindows("orders"), hang: make(chan struct{})}
		began := time.Now()
		_, err := newCore(h, Config{Source: "orders", Timeout: time.Minute})
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, time.Minute, time.Since(began))
		close(h.hang)
		synctest.Wait()
		require.Zero(t, h.handles(), "the handle that came too late is given back")
	})
}

type hangingOpen struct {
	*fakeWindows
	hang chan struct{}
}

func (h *hangingOpen) open(source string) (handle, error) {
	<-h.hang
	return h.fakeWindows.open(source)
}

func TestCloseLeavesAHangingCallBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHanging()
		core, err := newCore(h, Config{Source: "orders"})
		require.NoError(t, err)
		h.stall()
		require.Error(t, core.Write(entry(zapcore.InfoLevel, "hangs"), nil))
		began := time.Now()
		require.ErrorIs(t, core.Close(), os.ErrDeadlineExceeded, "Close says so")
		require.Equal(t, grace, time.Since(began))
		require.Equal(t, 1, h.handles())
		h.letGo()
		synctest.Wait()
		require.Zero(t, h.handles(), "the handle is given back as soon as Windows allows")
	}) // synctest fails if a goroutine is left
}

// A call under way is a moment from its end, most of the time: Close does not turn it into an error.
func TestInterruptedCallHasGrace(t *testing.T) {
	for name, after := range map[string]time.Duration{"in time": grace / 2, "too late": 2 * grace} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHanging()
				e, err := newEmitter(&worker{api: h, source: "orders"}, time.Hour)
				require.NoError(t, err)
				h.stall()
				time.AfterFunc(after, h.letGo)
				e.Interrupt()
				e.Interrupt()
				began := time.Now()
				err = e.Emit(zapcore.Entry{}, appendHeader(nil, Error, 0, 1, nil))
				if after < grace {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, os.ErrDeadlineExceeded)
				}
				require.Equal(t, min(after, grace), time.Since(began))
				time.Sleep(grace) // of the bubble
				require.NoError(t, e.Close())
			})
		})
	}
}

func TestCloseThatFails(t *testing.T) {
	windows := newFakeWindows("orders")
	windows.closeErr = errStaleHandle
	core := open(t, windows, Config{})
	require.ErrorContains(t, core.Close(), `eventlog: source "orders": DeregisterEventSource: `)
	require.NoError(t, core.Close())
}
