package eventlog

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap/zapcore"
)

// emitter has the worker do the calls, and waits for each no longer than its timeout.
type emitter struct {
	worker      *worker
	timeout     time.Duration // negative: none
	calls       chan call     // to the worker; closed by Close
	results     chan error    // one a call; buffered, so that a call that returns late waits for nobody
	interrupted chan struct{} // closed by Interrupt
	once        sync.Once     // of Interrupt
	late        atomic.Bool   // a call that had timed out wrote its event: to be told by Notice

	timer   *time.Timer // of the wait under way
	hanging bool        // a call has timed out and not yet returned: the worker, and its event, are not ours
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

// await returns the result of the call that the worker is doing, unless the time runs out before it returns.
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

// Sync implements base.Emitter. What ReportEvent took, the log has.
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

// Close implements base.Emitter. A call that hangs is left behind: when it returns, the worker gives the handle back and ends.
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
