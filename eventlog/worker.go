package eventlog

import (
	"fmt"

	base "example.com/zaphandlers/zapcore"
)

// worker makes the calls that may hang, one at a time, on a goroutine of its own.
//
// Its fields belong to the worker while a call is under way, and to the emitter otherwise.
type worker struct {
	api    api
	source string

	handle  handle // 0: not open
	event   event
	closing error         // of closing the handle at the end
	stopped chan struct{} // closed when the worker has ended
}

// call is a call that the worker makes.
type call int

const (
	openSource call = iota
	reportEvent
)

// run makes the calls, and sends one result for each, until calls is closed.
func (w *worker) run(calls <-chan call, results chan<- error) {
	defer close(w.stopped)
	for c := range calls {
		switch c {
		case openSource:
			results <- w.open()
		case reportEvent:
			results <- w.report()
		}
	}
	w.closing = w.close()
}

// report writes the event. After an error that is not the event's own fault, it opens the source again and tries once more: the log's
// service may have been restarted, and not know the handle from before.
func (w *worker) report() error {
	old := w.handle
	err := w.try()
	if err == nil || old == 0 || w.api.rejects(err) {
		return w.outcome(err)
	}
	_ = w.close()
	return w.outcome(w.try())
}

func (w *worker) try() error {
	if err := w.open(); err != nil {
		return err
	}
	if err := w.api.report(w.handle, &w.event); err != nil {
		return fmt.Errorf("eventlog: source %q: ReportEvent: %w", w.source, err)
	}
	return nil
}

// outcome returns err as a RejectedError if it is the event's own fault, so that a queue does not try the event again.
func (w *worker) outcome(err error) error {
	if err != nil && w.api.rejects(err) {
		return &base.RejectedError{Indexes: []int{0}, Err: err}
	}
	return err
}

func (w *worker) open() (err error) {
	if w.handle != 0 {
		return nil
	}
	if w.handle, err = w.api.open(w.source); err != nil {
		w.handle = 0
		return fmt.Errorf("eventlog: source %q: RegisterEventSource: %w", w.source, err)
	}
	return nil
}

func (w *worker) close() error {
	if w.handle == 0 {
		return nil
	}
	h := w.handle
	w.handle = 0
	if err := w.api.close(h); err != nil {
		return fmt.Errorf("eventlog: source %q: DeregisterEventSource: %w", w.source, err)
	}
	return nil
}
