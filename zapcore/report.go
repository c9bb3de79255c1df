package zapcore

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Reporter tells the user what no caller waits for, and tells it once: an error that repeats is counted, and when things
// work again one line says what it cost. It decides for every package of this module when an error is the same as before, and when
// a failure is over:
//
//   - Two errors are the same if their texts differ in numbers only: a port of our own, a clock time, a message id; but not in a status
//     of three digits, or an address. While a failure
//     lasts each different one is told once, and no more than eight of them.
//   - A failure is over at the first success, and after a success that is no proof (see Unconfirmed) when it has held for a second.
//     When it comes back within that time the next recovery has to hold: 1 s, 2 s, 4 s and so on up to 30 s.
//
// It calls the user's function under no lock, by one goroutine at a time, and survives its panics, so the function may log, even to the
// core that failed. While one call takes its time 64 errors wait for the next; of more the oldest are left out, which is told. All
// methods are safe for concurrent use.
type Reporter struct {
	name    string
	naming  bool // each error begins with the name
	onError func(error)

	failures atomic.Uint64 // all that was noted
	failing  atomic.Int32  // outages that last
	waiting  atomic.Int32  // notes that Tell has yet to pass on

	mu      sync.Mutex         // guards the fields below
	outages map[string]*outage // by step; "" is the destination as a whole
	notes   notes
	telling bool // somebody passes them on
	stopped bool
}

// NewReporter returns a Reporter for the package of that name. A nil onError prints to stderr in the form that zap uses.
func NewReporter(name string, onError func(error)) *Reporter {
	if onError == nil {
		onError = printError
	}
	return &Reporter{name: name, onError: onError, outages: make(map[string]*outage)}
}

// NameErrors makes r begin each error with its name, for a destination that is one of several and says nothing of itself. It returns r, and
// is called before anything else.
func (r *Reporter) NameErrors() *Reporter {
	r.naming = true
	return r
}

func printError(err error) {
	fmt.Fprintf(os.Stderr, "%v write error: %v\n", time.Now(), err)
}

// Failed reports err, which cost that many records.
func (r *Reporter) Failed(err error, records int) {
	r.fail("", err, records)
	r.Tell()
}

// Recovered reports a success that proves that things work: an acknowledgement, a 2xx answer, a write to a disk. It does nothing
// if nothing had failed.
func (r *Reporter) Recovered() {
	r.succeed("", 0)
	r.Tell()
}

// Unconfirmed reports a success that is no proof, as that of a datagram or of a stream without acknowledgement: the system took
// the bytes, and may learn later that nobody was there. The failure is over when no other has come for a second.
func (r *Reporter) Unconfirmed() {
	r.succeed("", holdStart)
	r.Tell()
}

// Note takes down how one step of several went (rotate, compress, sync), each of which fails and works again by itself; nil is
// well. It may be called under any lock, for it calls nobody: Tell does.
func (r *Reporter) Note(step string, err error) {
	if err != nil {
		r.fail(step, fmt.Errorf("%s: %s: %w", r.name, step, err), 0)
	} else {
		r.succeed(step, 0)
	}
}

// Pending reports whether Tell has something to pass on. It costs one atomic load.
func (r *Reporter) Pending() bool { return r.waiting.Load() > 0 }

// Failures returns how many failures were reported or noted, the repeated ones included.
func (r *Reporter) Failures() uint64 { return r.failures.Load() }

// Tell passes on what was noted, in order: one goroutine at a time does, and what others note meanwhile, or the user's function, is told by
// that one. It is called under no lock.
func (r *Reporter) Tell() {
	if !r.Pending() {
		return
	}
	returned := false
	defer func() {
		if !returned { // the user's function has ended the goroutine (runtime.Goexit)
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

// next returns the next note for who tells, and nil if there is none, or if somebody tells already when who asks has not begun.
func (r *Reporter) next(begins bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if begins && r.telling {
		return nil
	}
	note := r.notes.take(r.name)
	r.telling = note != nil
	r.waiting.Store(int32(r.notes.len()))
	return note
}

// Stop is for Close: a recovery that has yet to hold is not told any more. What is reported later is.
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
	err = sound(err)
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
		if r.naming && step == "" {
			err = fmt.Errorf("%s: %w", r.name, err)
		}
		r.noteLocked(err)
	}
}

// Lost notes records that were lost because of a failure that lasts, if one does, but not by a call that failed: those that found no
// room meanwhile. Like Note it may be called under any lock.
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

// succeed ends an outage once the success has held for as long as it has to, at least that long.
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
	o.timer = time.AfterFunc(wait, func() { r.held(step, o, serial) })
}

// held ends an outage when a success has held, unless another failure has come.
func (r *Reporter) held(step string, o *outage, serial uint64) {
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

// Failing returns what the destination as a whole failed with last, or "" if it works.
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
	Records  uint64 // lost while it lasted
	Failures uint64 // how often it was met
	Step     string // what had failed, of a writer whose steps fail by themselves; "" is the destination as a whole

	name string
}

// Error implements error.
func (e *RecoveredError) Error() string {
	if e.Step != "" {
		return fmt.Sprintf("%s: %s: works again after %s", e.name, e.Step, count(e.Failures, "failure", "failures"))
	}
	return fmt.Sprintf("%s: working again, %s lost", e.name, count(e.Records, "record was", "records were"))
}

// count returns n and what there are n of, in the number that fits.
func count(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
