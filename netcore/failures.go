package netcore

import (
	"sync"
	"time"

	base "example.com/zaphandlers/zapcore"
)

// failures tells the user what no caller is told, and counts what it cost. It is for one goroutine at a time.
//
//	working ──failed──► failing ──succeeded──► recovering ──succeeded, for hold──► working
//	                       ▲                       │
//	                       └────────failed─────────┘
//
// Where nothing is confirmed, one success proves nothing: a datagram that nobody gets is taken by the system all the same.
type failures struct {
	report *base.Reporter
	hold   time.Duration // how long success has to last
	calls  calls

	delivered uint64 // with Ack: confirmed when the last failure was told

	failing bool          // the user was told of a failure, and not yet that it is over
	since   time.Duration // of the success that still lasts; 0: none does
	taken   uint64        // frames, as far as Emit and EmitBatch said
	lost    uint64        // of them
}

// failed reports err, which cost that many frames that were taken.
func (f *failures) failed(err error, lost uint64) {
	f.lost += lost
	f.failing, f.since = true, 0
	f.calls.add(func() { f.report.Failed(err, int(lost)) })
}

// succeeded notes that a peer which confirms nothing took something.
func (f *failures) succeeded(now time.Duration) {
	switch {
	case !f.failing:
	case f.since == 0:
		f.since = now
	case now-f.since >= f.hold:
		f.recovered()
	}
}

// recovered reports that the failure, if there is one, is over.
func (f *failures) recovered() {
	if f.failing {
		f.failing, f.since = false, 0
		f.calls.add(f.report.Recovered)
	}
}

// calls are made in order, on a goroutine that lives only as long as there are any: the Emitter learns of failures under its
// Handler's lock, where no code of the user may run.
type calls struct {
	mu      sync.Mutex // guards the field below
	waiting []func()   // the first is being made
}

func (c *calls) add(call func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = append(c.waiting, call)
	if len(c.waiting) == 1 {
		go c.run()
	}
}

func (c *calls) run() {
	for c.makeOne() {
	}
}

// makeOne makes the first call, and tells whether more wait. If that ends the goroutine (runtime.Goexit), another one goes on.
func (c *calls) makeOne() (more bool) {
	c.mu.Lock()
	call := c.waiting[0]
	c.mu.Unlock()
	returned := false
	defer func() {
		c.mu.Lock()
		c.waiting = c.waiting[1:]
		more = len(c.waiting) > 0
		c.mu.Unlock()
		if more && !returned {
			go c.run()
		}
	}()
	call()
	returned = true
	return more
}

// outlive runs f. If code of the user's that f calls ends the goroutine (runtime.Goexit, as t.FailNow does), f is run again on another
// one, and has to find what it had begun.
func outlive(f func()) {
	returned := false
	defer func() {
		if !returned {
			go outlive(f)
		}
	}()
	f()
	returned = true
}
