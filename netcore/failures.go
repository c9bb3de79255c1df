package netcore

import (
	"errors"
	"sync"
	"time"

	base "example.com/zaphandlers/zapcore"
)

// failures reports what no caller hears of, and counts the records it cost. It is for one goroutine at a time.
//
//	working ──failed──► failing ──succeeded──► recovering ──succeeded, for hold──► working
//	                       ▲                       │
//	                       └────────failed─────────┘
//
// Where nothing is confirmed one success proves nothing: the system takes a datagram even if nobody receives it.
type failures struct {
	report *base.Reporter
	hold   time.Duration // how long success must last
	calls  calls

	delivered uint64 // with Ack: frames confirmed when the last failure was reported

	failing bool          // a failure was reported, and its recovery not yet
	since   time.Duration // start of the success that still lasts; 0: there is none
	taken   uint64        // frames that Emit and EmitBatch reported as sent
	lost    uint64        // those of them that were lost later
}

// failed reports err, which cost that many frames out of those taken.
func (f *failures) failed(err error, lost uint64) {
	f.lost += lost
	f.failing, f.since = true, 0
	f.calls.add(func() { f.report.Failed(err, int(lost)) })
}

// succeeded notes that a peer which confirms nothing has taken something.
func (f *failures) succeeded(now time.Duration) {
	switch {
	case !f.failing:
	case f.since == 0:
		f.since = now
	case now-f.since >= f.hold:
		f.recovered()
	}
}

// recovered reports that the failure is over, if there was one.
func (f *failures) recovered() {
	if f.failing {
		f.failing, f.since = false, 0
		f.calls.add(f.report.Recovered)
	}
}

// errRejected is reported when the receiver's answer refuses a record.
var errRejected = errors.New("the receiver has refused records")

// errPoison is reported when a poison record is dropped.
var errPoison = errors.New("a record is dropped that the receiver has never acknowledged, though it did those before and after")

// calls runs the user's callbacks in order. Its goroutine lives only while there are any. The Emitter learns of failures under its
// Handler's lock, where no code of the user may run.
type calls struct {
	mu      sync.Mutex // guards the field below
	waiting []func()   // the first is running
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
	for c.runOne() {
	}
}

// runOne runs the first call, and reports whether more wait. If the call ends the goroutine (runtime.Goexit), another one continues.
func (c *calls) runOne() (more bool) {
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

// outlive runs f. If user code that f calls ends the goroutine (runtime.Goexit, as t.FailNow does), outlive runs f again on another
// goroutine. So f must be able to continue what it had begun.
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
