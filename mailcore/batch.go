package mailcore

import (
	"errors"

	"example.com/zaphandlers/mailcore/internal/session"
	base "example.com/zaphandlers/zapcore"
)

// batchMails sends the records of one batch, as few mails as the server takes.
type batchMails struct {
	*emitter
	batch     *base.Batch
	frames    *base.Frames
	verdicts  base.Verdicts
	delivered int
	refusals  int // mails that the server refused for what they say
}

// maxRefusals is how many mails of one batch a server may refuse for their content before all of it counts as refused: the search for
// the record at fault is not to look like an attack.
const maxRefusals = 16

// send sends the records and returns what EmitBatch returns.
func (b *batchMails) send() (n int, err error) {
	total := b.frames.Len()
	for limit := total; n < total; {
		size := min(limit, total-n)
		if again := b.unanswered(n); again > 0 {
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
			if result, ok := b.suspects(n, n+size, err); ok {
				return total, result
			}
			return n, b.verdicts.With(b.ifClosing(err))
		}
	}
	b.mailer.searching = false
	return n, b.verdicts.With(nil)
}

// mayHalve tells whether a part of a mail that was refused may be taken: it was too large, or one of its records is at fault.
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

// unanswered returns how many records, from n on, are a mail that is to be sent again as it was, for it may have arrived, or be at
// fault; 0 if none is.
func (b *batchMails) unanswered(n int) int {
	for _, a := range b.mailer.attempts {
		if a.unanswered == 0 && a.suspect == (suspect{}) || a.records > b.frames.Len()-n {
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
