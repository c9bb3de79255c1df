package httpcore

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	base "example.com/zaphandlers/zapcore"
)

// suspect is the request at which the server fails each time: it hangs up, does not answer, or says 5xx. That may be the server's
// state, or one record in the request, and only another request can tell:
//
//	request fails ──(Config.SplitAfter times in a row)──► another record is sent alone
//	      ▲                                                 │               │
//	      ├── the server is down: as often again ◄── fails ─┘               └─ taken: the server works
//	      │                                                                           │
//	      ├── in halves, and the first failure of each is enough ◄── some records ────┤
//	      └── alone, once more often each time ◄──────────────────── one record ──────┴── for the eighth time ──► refused
//
// So a record is refused after 36 failures alone, with others taken after the first, the third, the sixth and so on; up to four of
// these steps are spared where the search has led to it. No balancer with broken servers behind it makes such a pattern by taking
// turns, and a server that fails at four of five requests whatever is in them makes it about once in a million.
type suspect struct {
	after int // Config.SplitAfter; negative: never

	records   int    // of the request; 0: there is none
	hash      uint64 // of their tapes
	failures  int    // of the request, in a row
	due       int    // how many of them it takes until another record is sent
	proofs    int    // how often that was taken
	before    int    // proofs that there were when another record was not taken
	searching bool   // the request is part of a larger one at which the server failed

	size   int  // bytes of the request that the search began with
	splits int  // of the search
	fault  bool // the search has found a record at fault
	sizes  int  // searches in a row that have found none
}

// suspectProofs is how often the server has to fail at a record that it gets alone, and to take others in between.
const suspectProofs = 8

// suspectOthers is how many other records are tried, one after another, before the server counts as down: one of them may be another
// record of the kind.
const suspectOthers = 2

// failed notes that a request failed, and tells whether it is time to send another record.
func (c *suspect) failed(records int, hash uint64) bool {
	if c.records != records || c.hash != hash {
		c.records, c.hash, c.failures, c.proofs, c.before, c.due = records, hash, 0, 0, 0, c.after
		if c.searching {
			c.due, c.proofs = 1, min(c.splits, suspectProofs/2)
		}
	}
	c.failures++
	return c.after > 0 && c.failures >= c.due
}

// down notes that the server did not take another record either. That may be another of the kind, where few others come, so what is
// proved already counts when one is taken again.
func (c *suspect) down() {
	c.due, c.before, c.proofs, c.searching = c.failures+c.after, max(c.before, c.proofs), 0, false
}

// halved notes that a request of so many bytes goes in halves. The first one begins the search.
func (c *suspect) halved(size int) {
	if !c.searching {
		c.searching, c.size, c.fault, c.splits = true, size, false, 0
	}
	c.splits++
}

// proved notes that the server failed at a record alone, and then took another, and tells whether that was often enough.
func (c *suspect) proved() bool {
	c.proofs, c.before = max(c.proofs, c.before)+1, 0
	c.due = c.failures + c.proofs + 1
	c.fault = c.fault || c.proofs == suspectProofs
	return c.proofs == suspectProofs
}

// took notes that a request of so many bytes was taken.
func (c *suspect) took(size int) {
	c.records = 0
	if size >= c.size {
		c.sizes = 0
	}
}

// over notes that all of a batch is done with. It returns half the size of a request that the server fails at for its size, most
// likely: when two in a row were taken in parts.
func (c *suspect) over() (limit int, known bool) {
	searched := c.searching
	c.records, c.searching = 0, false
	switch {
	case !searched:
		return 0, false
	case c.fault:
		c.sizes = 0
		return 0, false
	}
	c.sizes++
	return c.size / 2, c.sizes >= 2
}

// mayBeFault tells whether err, which says that a request may be tried again, may be because of what is in it: the server did not
// say that it is busy, or when to come back. What would be a refusal without Retry-After may be one for ever.
func (p *policy) mayBeFault(retry *base.RetryError) bool {
	if retry == nil {
		return false
	}
	var status *StatusError
	switch answered := errors.As(retry.Err, &status); {
	case !answered || status.Status >= 500:
		return retry.After == 0
	case status.Status >= 400:
		return !slices.Contains(busy, status.Status) && !slices.Contains(p.retryOn, status.Status)
	}
	return false
}

// failed is a request that may be tried again as a whole.
func (d *delivery) failed(s span, key string, retry *base.RetryError, err error) {
	e, c := d.emitter, &d.emitter.suspect
	size, others := len(e.body.bytes), len(d.pending)
	hash := e.keys.remember(d.batch, s, key)
	d.push(s)
	switch {
	case !e.policy.mayBeFault(retry):
		d.failure = err
	case !c.failed(s.len(), hash):
		if c.proofs == 0 {
			d.failure = err
		}
	case s.len() == 1 && others == 0:
		d.failure = err // there is nothing to tell by
	case !d.otherTaken():
		c.down()
		d.failure = err
	case s.len() > 1:
		c.halved(size)
		next := d.pending[len(d.pending)-1]
		d.pending = d.pending[:len(d.pending)-1]
		half := span{next.from, next.from + (next.len()+1)/2}
		d.push(span{half.to, next.to})
		d.push(half)
		e.keys.remember(d.batch, half, e.keys.fresh()) // should there be no time left for it
	case c.proved():
		d.pending = d.pending[:len(d.pending)-1]
		d.refuse(s, fmt.Errorf("httpcore: given up after %d attempts, for the server took other records meanwhile: %w", c.failures, retry.Err))
	}
}

// otherTaken sends records alone, behind the request that is the next of those that are pending, or out of it if there are no others,
// until the server takes one, and tells whether it does.
func (d *delivery) otherTaken() bool {
	suspected := 0
	if len(d.pending) > 1 {
		suspected = d.pending[len(d.pending)-1].len()
	}
	for n := range suspectOthers {
		others := d.left() - suspected
		if others == 0 || n > 0 && d.late() {
			break
		}
		before := slices.Clone(d.pending)
		nth := suspected + rand.IntN(others)
		if n == 0 { // from the end, which leaves the others in one piece
			nth = suspected + others - 1
		}
		i := d.takeOut(nth)
		d.sample(i)
		switch d.outcomes[i] {
		case outcomeDelivered:
			return true
		case outcomePending:
			d.pending, d.failure = before, nil
		}
	}
	return false
}

// left returns how many records are pending.
func (d *delivery) left() (n int) {
	for _, s := range d.pending {
		n += s.len()
	}
	return n
}
