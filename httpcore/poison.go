package httpcore

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	base "example.com/zaphandlers/zapcore"
)

// poisonSearch handles a request at which the server fails each time: it hangs up, does not answer, or answers 5xx. The cause may be
// the server's state, or one record in the request, and only another request can tell which:
//
//	request fails ──(Config.SplitAfter times in a row)──► another record is sent alone
//	      ▲                                                 │               │
//	      ├── the server is down: as often again ◄── fails ─┘               └─ taken: the server works
//	      │                                                                           │
//	      ├── in halves, and the first failure of each is enough ◄─ several records ──┤
//	      └── alone, once more often each time ◄──────────────────── one record ──────┴── for the eighth time ──► refused
//
// So a record is refused after failing 36 times alone, with others taken after the first failure, the third, the sixth and so on. Up
// to four of these steps are saved if the search has led to it. A balancer with broken servers behind it does not produce this
// pattern by taking turns, and a server that fails at four of five requests, whatever is in them, does so about once in a million
// times.
type poisonSearch struct {
	after int // Config.SplitAfter; negative: never

	records   int    // of the request; 0: there is none
	hash      uint64 // of the records' tapes
	failures  int    // of the request, in a row
	due       int    // failures after which another record is sent
	proofs    int    // how often the other record was taken
	before    int    // proofs at the time when another record was not taken
	searching bool   // the request is part of a larger one at which the server failed

	size   int  // bytes of the request with which the search began
	splits int  // of this search
	fault  bool // this search has found a record at fault
	sizes  int  // searches in a row that found none
}

// proofsNeeded is how often the server must fail at a record alone, and take others in between.
const proofsNeeded = 8

// othersTried is how many other records are tried, one after another, before the server counts as down: one of them may be poison
// too.
const othersTried = 2

// failed notes that a request failed, and reports whether to send another record.
func (p *poisonSearch) failed(records int, hash uint64) bool {
	if p.records != records || p.hash != hash {
		p.records, p.hash, p.failures, p.proofs, p.before, p.due = records, hash, 0, 0, 0, p.after
		if p.searching {
			p.due, p.proofs = 1, min(p.splits, proofsNeeded/2)
		}
	}
	p.failures++
	return p.after > 0 && p.failures >= p.due
}

// down notes that the server did not take another record either. That record may be poison too, if few others arrive. So the proofs
// so far count again once another record is taken.
func (p *poisonSearch) down() {
	p.due, p.before, p.proofs, p.searching = p.failures+p.after, max(p.before, p.proofs), 0, false
}

// halved notes that a request of size bytes is sent in halves. The first one begins the search.
func (p *poisonSearch) halved(size int) {
	if !p.searching {
		p.searching, p.size, p.fault, p.splits = true, size, false, 0
	}
	p.splits++
}

// proved notes that the server failed at a record alone, and then took another. It reports whether this happened often enough.
func (p *poisonSearch) proved() bool {
	p.proofs, p.before = max(p.proofs, p.before)+1, 0
	p.due = p.failures + p.proofs + 1
	p.fault = p.fault || p.proofs == proofsNeeded
	return p.proofs == proofsNeeded
}

// taken notes that a request of size bytes was taken.
func (p *poisonSearch) taken(size int) {
	p.records = 0
	if size >= p.size {
		p.sizes = 0
	}
}

// over notes that a batch is done. If two searches in a row ended with everything taken, the size was at fault, and it returns half
// of that as the new limit.
func (p *poisonSearch) over() (limit int, known bool) {
	searched := p.searching
	p.records, p.searching = 0, false
	switch {
	case !searched:
		return 0, false
	case p.fault:
		p.sizes = 0
		return 0, false
	}
	p.sizes++
	return p.size / 2, p.sizes >= 2
}

// mayBeFault reports whether err, which allows a retry, may be caused by the content of the request: the server did not say that it
// is busy, or when to come back. A status that would be a refusal without Retry-After may be one for ever.
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

// failed handles a request that failed as a whole and may be tried again.
func (d *delivery) failed(s span, key string, retry *base.RetryError, err error) {
	e, p := d.emitter, &d.emitter.poison
	size, others := len(e.body.bytes), len(d.pending)
	hash := e.keys.remember(d.batch, s, key)
	d.push(s)
	switch {
	case !e.policy.mayBeFault(retry):
		d.failure = err
	case !p.failed(s.len(), hash):
		if p.proofs == 0 {
			d.failure = err
		}
	case s.len() == 1 && others == 0:
		d.failure = err // there is no other record to test the server with
	case !d.otherTaken():
		p.down()
		d.failure = err
	case s.len() > 1:
		p.halved(size)
		next := d.pending[len(d.pending)-1]
		d.pending = d.pending[:len(d.pending)-1]
		half := span{next.from, next.from + (next.len()+1)/2}
		d.push(span{half.to, next.to})
		d.push(half)
		e.keys.remember(d.batch, half, e.keys.fresh()) // in case there is no time left for it
	case p.proved():
		d.pending = d.pending[:len(d.pending)-1]
		d.refuse(s, fmt.Errorf("httpcore: given up after %d attempts, for the server took other records meanwhile: %w", p.failures, retry.Err))
	}
}

// otherTaken sends records alone until the server takes one, and reports whether it does. It uses records behind the failed request,
// which is the next pending span, or out of it if there are no others.
func (d *delivery) otherTaken() bool {
	suspected := 0
	if len(d.pending) > 1 {
		suspected = d.pending[len(d.pending)-1].len()
	}
	for n := range othersTried {
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
