package zapcore

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Reporter passes to OnError the errors that no caller waits for, each once. It counts an error that repeats, and reports one
// RecoveredError when things work again. It decides for every package of this module when an error is the same as before, and when a
// failure is over:
//
//   - Two errors are the same if their texts differ only in numbers: a local port, a clock time, a message id. A status of three
//     digits and an address do not count as numbers. While a failure lasts, each different error is reported once, and no more than
//     eight of them.
//   - A failure is over at the first success. A success that proves nothing (see Unconfirmed) has to hold for a second. If the
//     failure comes back soon, the next success has to hold too: for 1 s, then 2 s, 4 s and so on up to 30 s.
//
// It calls OnError under no lock, on one goroutine at a time, and survives its panics, so OnError may log, even to the
// core that failed. Up to 64 errors wait while OnError runs; of more the oldest are left out, and an error says how many. All
// methods are safe for concurrent use.
type Reporter struct {
	name         string
	prefixErrors bool // each error begins with the name
	onError      func(error)

	failures atomic.Uint64 // all that was noted
	failing  atomic.Int32  // outages that last
	waiting  atomic.Int32  // notes that Tell has yet to pass on

	mu      sync.Mutex         // guards the fields below
	outages map[string]*outage // by step; "" is the destination as a whole
	notes   notes
	telling bool // somebody passes them on
	stopped bool
}

// NewReporter returns a Reporter for the package of that name. A nil onError prints to stderr as zap does.
func NewReporter(name string, onError func(error)) *Reporter {
	if onError == nil {
		onError = printError
	}
	return &Reporter{name: name, onError: onError, outages: make(map[string]*outage)}
}

// NameErrors makes r put its name before each error, for one of several destinations whose errors do not say which they come from. It
// returns r. It must be called before any other method.
func (r *Reporter) NameErrors() *Reporter {
	r.prefixErrors = true
	return r
}

func printError(err error) {
	fmt.Fprintf(os.Stderr, "%v write error: %v\n", time.Now(), err)
}

// Failed reports err, because of which so many records were lost.
func (r *Reporter) Failed(err error, records int) {
	r.fail("", err, records)
	r.Tell()
}

// Recovered reports a success that proves that the destination works: an acknowledgement, a 2xx answer, a write to a disk. It does
// nothing if nothing had failed.
func (r *Reporter) Recovered() {
	r.succeed("", 0)
	r.Tell()
}

// Unconfirmed reports a success that proves nothing, as of a datagram or a stream without acknowledgement: the system took
// the bytes, and may find out later that nobody received them. The failure is over if no other comes within a second.
func (r *Reporter) Unconfirmed() {
	r.succeed("", holdStart)
	r.Tell()
}

// Note notes the result of one step of several (rotate, compress, sync), each of which fails and recovers by itself. It may be called
// under any lock, because it does not call OnError: Tell does.
func (r *Reporter) Note(step string, err error) {
	if err != nil {
		r.fail(step, fmt.Errorf("%s: %s: %w", r.name, step, err), 0)
	} else {
		r.succeed(step, 0)
	}
}

// Pending reports whether Tell has anything to pass on. It costs one atomic load.
func (r *Reporter) Pending() bool { return r.waiting.Load() > 0 }

// Failures returns how many failures were reported or noted, the repeated ones included.
func (r *Reporter) Failures() uint64 { return r.failures.Load() }

// Tell passes to OnError what was noted, in order. Only one goroutine does so at a time: it also passes on what others, or OnError
// itself, note meanwhile, and their Tell returns at once. It must be called under no lock.
func (r *Reporter) Tell() {
	if !r.Pending() {
		return
	}
	returned := false
	defer func() {
		if !returned { // OnError has ended the goroutine (runtime.Goexit)
			r.mu.Lock()
			r.telling = false
			r.mu.Unlock()
			go r.Tell()
		}
	}()
	for first := true; ; first = false {
		err := r.next(first)
		if err == nil {
			break
		}
		r.tell(err)
	}
	returned = true
}

// next returns the next error for OnError, or nil if there is none. A Tell calls it with first for its first error, and gets nil if
// another goroutine is telling already.
func (r *Reporter) next(first bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if first && r.telling {
		return nil
	}
	note := r.notes.take(r.name)
	r.telling = note != nil
	r.waiting.Store(int32(r.notes.len()))
	return note
}

// Stop is for Close: it cancels recoveries that have yet to hold. Later failures and proven recoveries are still reported.
func (r *Reporter) Stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
	for _, o := range r.outages {
		o.cancel()
	}
}

func (r *Reporter) fail(step string, err error, records int) {
	r.failures.Add(1)
	err = printable(err)
	r.mu.Lock()
	defer r.mu.Unlock()
	o := r.outages[step]
	if o == nil {
		o = new(outage)
		r.outages[step] = o
	}
	if !o.failing {
		r.failing.Add(1)
	}
	if o.fail(err, records, time.Now()) {
		if r.prefixErrors && step == "" {
			err = fmt.Errorf("%s: %w", r.name, err)
		}
		r.noteLocked(err)
	}
}

// Lost adds records to the cost of the failure that lasts, if one does: records that no failed call has lost, but that found no room
// meanwhile. Like Note it may be called under any lock.
func (r *Reporter) Lost(records int) {
	if r.failing.Load() == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if o := r.outages[""]; o != nil && o.failing {
		o.records += uint64(records)
	}
}

// succeed ends the outage of a step when the success has held for as long as it has to, and for atLeast.
func (r *Reporter) succeed(step string, atLeast time.Duration) {
	if r.failing.Load() == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	o := r.outages[step]
	if o == nil || !o.failing || o.timer != nil {
		return
	}
	wait := max(atLeast, o.hold)
	if wait == 0 {
		r.endLocked(step, o)
		return
	}
	if r.stopped {
		return
	}
	serial := o.serial
	o.timer = time.AfterFunc(wait, func() { r.holdEnded(step, o, serial) })
}

// holdEnded ends an outage when a success has held, unless another failure has come.
func (r *Reporter) holdEnded(step string, o *outage, serial uint64) {
	r.mu.Lock()
	if o.timer != nil && o.serial == serial && !r.stopped {
		r.endLocked(step, o)
	}
	r.mu.Unlock()
	r.Tell()
}

func (r *Reporter) endLocked(step string, o *outage) {
	r.noteLocked(&RecoveredError{Records: o.records, Failures: o.failures, Step: step, name: r.name})
	o.end(time.Now())
	r.failing.Add(-1)
}

// Failing returns the text of the last error of the destination as a whole, or "" if it works.
func (r *Reporter) Failing() string {
	if r.failing.Load() == 0 {
		return ""
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if o := r.outages[""]; o != nil && o.failing {
		return o.last
	}
	return ""
}

func (r *Reporter) noteLocked(err error) {
	r.notes.add(err)
	r.waiting.Store(int32(r.notes.len()))
}

func (r *Reporter) tell(err error) {
	defer func() {
		if p := recover(); p != nil {
			printError(fmt.Errorf("%s: OnError panicked: %v, on: %w", r.name, p, err))
		}
	}()
	r.onError(err)
}

// RecoveredError is what OnError gets when a failure is over.
type RecoveredError struct {
	Records  uint64 // how many records were lost while it lasted
	Failures uint64 // how many errors there were
	Step     string // which step of a writer had failed, see Reporter.Note; "" is the destination as a whole

	name string
}

// Error implements error.
func (e *RecoveredError) Error() string {
	if e.Step != "" {
		return fmt.Sprintf("%s: %s: works again after %s", e.name, e.Step, count(e.Failures, "failure", "failures"))
	}
	return fmt.Sprintf("%s: working again, %s lost", e.name, count(e.Records, "record was", "records were"))
}

// count returns n with its noun, in the singular or the plural.
func count(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
