package eventlog

import (
	"fmt"

	base "example.com/zaphandlers/zapcore"
)

// worker makes the calls that may hang, one at a time, on a goroutine of its own.
//
// Everything in it belongs to the worker while a call is under way, and to the emitter otherwise.
type worker struct {
	api    api
	source string

	handle  handle // 0: not open
	event   event
	closing error         // of giving the handle back at the end
	stopped chan struct{} // closed when the worker has ended
}

// call is what the worker can do.
type call int

const (
	openSource call = iota
	reportEvent
)

// run does the calls, one result for each, until calls is closed.
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

// report writes the event. If the log refuses, for instance because its service was restarted and knows the handle no longer,
// the source is opened anew and the event tried once more.
func (w *worker) report() error {
	old := w.handle
	err := w.try()
	if err == nil || old == 0 || w.api.condemns(err) {
		return w.verdict(err)
	}
	_ = w.close()
	return w.verdict(w.try())
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

// verdict marks an error that is the event's own fault, so that a queue does not try it again.
func (w *worker) verdict(err error) error {
	if err != nil && w.api.condemns(err) {
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
