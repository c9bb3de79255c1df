package mailcore

import (
	"errors"

	"example.com/zaphandlers/mailcore/internal/session"
	base "example.com/zaphandlers/zapcore"
)

// batchMails sends the records of a batch, in as few mails as the server takes.
type batchMails struct {
	*emitter
	batch     *base.Batch
	frames    *base.Frames
	verdicts  base.Verdicts
	delivered int
	refusals  int // mails whose content the server refused
}

// maxRefusals limits how many mails of a batch a server may refuse for their content before all the rest is refused: the search for
// the record at fault must not look like an attack.
const maxRefusals = 16

// send sends the records and returns the results of EmitBatch.
func (b *batchMails) send() (n int, err error) {
	total := b.frames.Len()
	for limit := total; n < total; {
		size := min(limit, total-n)
		if again := b.sentBefore(n); again > 0 {
			size = again
		}
		err := b.sendPart(n, n+size)
		switch {
		case err == nil:
			n += size
			b.delivered += size
		case size > 1 && b.mayHalve(err):
			limit = (size + 1) / 2
		case session.IsFinal(err):
			for range size {
				b.verdicts.Reject(n, err)
				n++
			}
			limit = total
		default:
			if result, ok := b.searchPoison(n, n+size, err); ok {
				return total, result
			}
			return n, b.verdicts.With(b.ifClosing(err))
		}
	}
	b.mailer.searching = false
	return n, b.verdicts.With(nil)
}

// mayHalve reports whether a part of a refused mail may be taken: it was too large, or one of its records is at fault.
func (b *batchMails) mayHalve(err error) bool {
	var refused *session.RefusedError
	if !errors.As(err, &refused) {
		return false
	}
	if refused.Content && !refused.TooLarge {
		b.refusals++
		return b.refusals <= maxRefusals
	}
	return refused.TooLarge
}

// sentBefore returns how many records, from n on, were a mail that must be sent again unchanged, because it may have arrived, or is
// being searched for a poison record; 0 if there is none.
func (b *batchMails) sentBefore(n int) int {
	for _, a := range b.mailer.attempts {
		if a.unanswered == 0 && a.poison == (poisonState{}) || a.records > b.frames.Len()-n {
			continue
		}
		if b.sum(n, n+a.records) == a.sum {
			return a.records
		}
	}
	return 0
}

// sendPart sends the records from i to j as one mail.
func (b *batchMails) sendPart(i, j int) error {
	defer b.direct.Reset()
	b.gather(i, j)
	return b.mailer.mail(&b.direct)
}

// gather makes the records from i to j the content of direct.
func (b *batchMails) gather(i, j int) {
	for ; i < j; i++ {
		ent := b.batch.At(i).Entry()
		text, subject := b.split(b.frames.At(i))
		b.direct.Add(ent.Level, ent.Time, text, subject, everythingFits)
	}
}
