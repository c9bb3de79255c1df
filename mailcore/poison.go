package mailcore

import (
	"errors"
	"fmt"
	"time"

	"example.com/zaphandlers/mailcore/internal/session"
	base "example.com/zaphandlers/zapcore"
)

// poisonState is the state of the search for a poison record in a mail whose content the server refuses for now, each time. The cause
// may be the server's state, or one record in the mail, and only another record can tell: one is sent alone.
type poisonState struct {
	refusals int // in a row
	due      int // refusals after which another record is sent
	proofs   int // how often the other record was taken
}

const (
	poisonAfter  = 6 // about half a minute of a queue's retries
	proofsNeeded = 4
)

// searchPoison continues the search after err, the refusal of the mail with the records from n to end. If ok is true, another record
// was taken: EmitBatch then returns result, after which all records are done or named in it.
func (b *batchMails) searchPoison(n, end int, err error) (result error, ok bool) {
	temporary, m, other := (*session.TemporaryError)(nil), &b.mailer, b.frames.Len()-1
	if !errors.As(err, &temporary) || !temporary.Content {
		return nil, false
	}
	sum := b.sum(n, end)
	s := &m.attempts.find(sum).poison
	if s.due == 0 {
		s.due = poisonAfter
		if m.searching {
			s.due, s.proofs = 1, proofsNeeded/2
		}
	}
	if s.refusals++; s.refusals < s.due || other == n {
		return nil, false
	}
	taken := b.sendPart(other, other+1) == nil
	a := m.attempts.find(sum) // sendPart may have moved it
	if a == nil {
		return nil, false
	}
	s = &a.poison
	if !taken { // the server is down, or the other is poison too; the proofs so far still count
		s.due, m.searching = s.refusals+poisonAfter, false
		return nil, false
	}
	b.delivered++
	return b.otherTaken(a, n, end, other, temporary), true
}

// otherTaken halves the refused mail a with the records from n to end, or gives its only record up, after the record other was taken. It
// returns the result of EmitBatch: the records in between are tried again.
func (b *batchMails) otherTaken(a *attempt, n, end, other int, refusal *session.TemporaryError) error {
	m, s, first := &b.mailer, &a.poison, n
	s.proofs++
	s.due = s.refusals + s.proofs + 1
	switch {
	case end-n > 1:
		m.searching = true
		m.attempts.done(a.sum)
		half := n + (min(end, other)-n+1)/2
		m.attempts.failed(b.sum(n, half), half-n, m.composer.NewIdentity(time.Now())).poison = poisonState{due: 1, proofs: proofsNeeded / 2}
	case s.proofs >= proofsNeeded:
		m.searching = false
		b.verdicts.Reject(n, fmt.Errorf("mailcore: given up after %d attempts, for the server took other mails meanwhile: %w", s.refusals, refusal.Err))
		m.attempts.done(a.sum)
		first++
	}
	if again := indexes(first, other); len(again) > 0 {
		b.verdicts.Add(0, &base.RetryError{Indexes: again, Err: refusal})
	}
	return b.verdicts.With(nil)
}

// indexes returns the numbers from from up to, but not including, to.
func indexes(from, to int) (all []int) {
	for ; from < to; from++ {
		all = append(all, from)
	}
	return all
}

// sum returns the sum of the mail with the records from n to end.
func (b *batchMails) sum(n, end int) uint64 {
	b.gather(n, end)
	defer b.direct.Reset()
	return b.direct.Sum()
}
