package mailcore

import (
	"errors"
	"fmt"
	"time"

	"example.com/zaphandlers/mailcore/internal/session"
	base "example.com/zaphandlers/zapcore"
)

// suspect is what is known of a mail whose content the server refuses each time for now. That may be the server's state, or one record
// in the mail, and only another record can tell: one is sent alone.
type suspect struct {
	refusals int // in a row
	due      int // how many of them it takes until another record is sent
	proofs   int // how often that was taken
}

const (
	suspectAfter  = 6 // about half a minute of a queue's retries
	suspectProofs = 4
)

// suspects draws the conclusions from err, of the mail of the records from n to end, and tells whether there are any: then the call is
// over, and result is what it returns.
func (b *batchMails) suspects(n, end int, err error) (result error, ok bool) {
	temporary, m, other := (*session.TemporaryError)(nil), &b.mailer, b.frames.Len()-1
	if !errors.As(err, &temporary) || !temporary.Content {
		return nil, false
	}
	sum := b.sum(n, end)
	s := &m.attempts.find(sum).suspect
	if s.due == 0 {
		s.due = suspectAfter
		if m.searching {
			s.due, s.proofs = 1, suspectProofs/2
		}
	}
	if s.refusals++; s.refusals < s.due || other == n {
		return nil, false
	}
	taken := b.sendPart(other, other+1) == nil
	a := m.attempts.find(sum) // it may have moved
	if a == nil {
		return nil, false
	}
	s = &a.suspect
	if !taken { // the server is down, or that is another of the kind: what is proved already still counts
		s.due, m.searching = s.refusals+suspectAfter, false
		return nil, false
	}
	b.delivered++
	s.proofs++
	s.due = s.refusals + s.proofs + 1
	first := n
	switch {
	case end-n > 1:
		m.searching = true
		m.attempts.done(sum)
		half := n + (min(end, other)-n+1)/2
		m.attempts.failed(b.sum(n, half), half-n, m.composer.NewIdentity(time.Now())).suspect = suspect{due: 1, proofs: suspectProofs / 2}
	case s.proofs >= suspectProofs:
		m.searching = false
		b.verdicts.Reject(n, fmt.Errorf("mailcore: given up after %d attempts, for the server took other mails meanwhile: %w", s.refusals, temporary.Err))
		m.attempts.done(sum)
		first++
	}
	if again := rising(first, other); len(again) > 0 {
		b.verdicts.Add(0, &base.RetryError{Indexes: again, Err: temporary})
	}
	return b.verdicts.With(nil), true
}

// rising returns the numbers from one to before another.
func rising(from, to int) (all []int) {
	for ; from < to; from++ {
		all = append(all, from)
	}
	return all
}

// sum is that of the mail of the records from n to end.
func (b *batchMails) sum(n, end int) uint64 {
	b.gather(n, end)
	defer b.direct.Reset()
	return b.direct.Sum()
}
