package eventlog

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap/zapcore"
)

// emitter hands the calls to the worker, and waits for each no longer than its timeout.
type emitter struct {
	worker      *worker
	timeout     time.Duration // negative: none
	calls       chan call     // to the worker; closed by Close
	results     chan error    // one for each call; buffered, so that the worker does not wait after a timeout
	interrupted chan struct{} // closed by Interrupt
	once        sync.Once     // of Interrupt
	late        atomic.Bool   // a call that had timed out has written its event: Notice reports it

	timer   *time.Timer // of the wait under way
	hanging bool        // a call has timed out and not yet returned: the worker, and its event, must not be touched
}

// grace is the longest that Close waits for a call that is under way.
const grace = time.Second

// newEmitter starts the worker and has it open the source.
func newEmitter(w *worker, timeout time.Duration) (*emitter, error) {
	e := &emitter{
		worker:      w,
		timeout:     timeout,
		calls:       make(chan call),
		results:     make(chan error, 1),
		interrupted: make(chan struct{}),
		timer:       time.NewTimer(0),
	}
	w.stopped = make(chan struct{})
	go w.run(e.calls, e.results)
	e.startTimer()
	if err := e.do(openSource); err != nil {
		close(e.calls)
		return nil, err
	}
	return e, nil
}

// Emit implements base.Emitter.
func (e *emitter) Emit(_ zapcore.Entry, frame []byte) error {
	e.startTimer()
	if e.hanging {
		returned, err := e.await()
		if !returned {
			return e.timedOut()
		}
		e.late.Store(err == nil)
	}
	e.worker.event.load(frame)
	return e.do(reportEvent)
}

// do has the worker make one call.
func (e *emitter) do(c call) error {
	e.calls <- c
	returned, err := e.await()
	if !returned {
		return e.timedOut()
	}
	return err
}

// await returns the result of the worker's call, unless the timer ends before it returns.
func (e *emitter) await() (returned bool, err error) {
	interrupted := e.interrupted
	for {
		select {
		case err = <-e.results:
			e.hanging = false
			return true, err
		case <-e.timer.C:
			e.hanging = true
			return false, nil
		case <-interrupted:
			e.startGrace()
			interrupted = nil
		}
	}
}

func (e *emitter) startTimer() {
	if e.timeout > 0 {
		e.timer.Reset(e.timeout)
	} else {
		e.timer.Stop()
	}
}

func (e *emitter) startGrace() {
	if e.timeout > 0 {
		e.timer.Reset(min(e.timeout, grace))
	} else {
		e.timer.Reset(grace)
	}
}

func (e *emitter) timedOut() error {
	return fmt.Errorf("eventlog: source %q: the log service does not answer: %w", e.worker.source, os.ErrDeadlineExceeded)
}

// Sync implements base.Emitter. It has nothing to do: ReportEvent returns when the log has the event.
func (e *emitter) Sync() error { return nil }

// Notice implements base.Noticer.
func (e *emitter) Notice() error {
	if !e.late.Load() || !e.late.CompareAndSwap(true, false) {
		return nil
	}
	return fmt.Errorf("eventlog: source %q: an event whose Write had timed out is in the log after all", e.worker.source)
}

// Interrupt implements base.Interrupter.
func (e *emitter) Interrupt() { e.once.Do(func() { close(e.interrupted) }) }

// Close implements base.Emitter. A call that hangs is left behind: when it returns, the worker closes the handle and ends.
func (e *emitter) Close() error {
	close(e.calls)
	e.startGrace()
	defer e.timer.Stop()
	select {
	case <-e.worker.stopped:
		return e.worker.closing
	case <-e.timer.C:
		return e.timedOut()
	}
}
