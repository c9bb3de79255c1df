package mailcore

import (
	"errors"
	"fmt"
	"time"

	"example.com/zaphandlers/mailcore/internal/message"
	"example.com/zaphandlers/mailcore/internal/session"
	base "example.com/zaphandlers/zapcore"
)

// windowEnds sends what the window holds. It is the window's timer, so nobody waits for what it has to say.
func (e *emitter) windowEnds() {
	if !e.sending.TryLock() {
		time.AfterFunc(busyDelay, e.windowEnds)
		return
	}
	if !e.windowDue() {
		e.sending.Unlock()
		return
	}
	e.mailer.session.Limit(0)
	lost, err := e.flush()
	e.sending.Unlock()
	if err == nil {
		err = e.Notice()
	}
	if err != nil {
		e.report.Failed(err, int(lost))
		return
	}
	e.report.Recovered()
}

func (e *emitter) windowDue() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.closed && e.window.pending() > 0 && !time.Now().Before(e.window.until)
}

// flush sends one digest of what waits. If that fails, lost is how many records are given up; the others stay. The caller holds
// sending.
func (e *emitter) flush() (lost uint64, err error) {
	digest := e.takeDigest()
	if digest == nil {
		return 0, nil
	}
	err = e.mailer.mail(digest)
	var refused *session.RefusedError
	if errors.As(err, &refused) && refused.TooLarge && digest.Omitted < digest.Records {
		digest.CountOnly()
		err = e.mailer.mail(digest)
	}
	if e.divides(digest, err) {
		return e.search(err)
	}
	return e.flushed(err), err
}

// divides tells whether a digest that was refused for what it says is to be searched for the record at fault: at once if it was refused for
// good, else after a while, for that may be the server's state.
func (e *emitter) divides(digest *message.Digest, err error) bool {
	final, content := aboutContent(err)
	if !content {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.window.refusals++
	if !digest.Divides() || !final && e.window.refusals < suspectAfter {
		return false
	}
	e.window.refusals = 0
	return true
}

// aboutContent tells whether a mail was refused for what it says, and whether for good.
func aboutContent(err error) (final, content bool) {
	var refused *session.RefusedError
	if errors.As(err, &refused) {
		return true, refused.Content && !refused.TooLarge
	}
	var temporary *session.TemporaryError
	return false, errors.As(err, &temporary) && temporary.Content
}

// search sends the outgoing digest, which was refused with err for what it says, in halves, down to the records at fault. One that is
// refused alone is given up: at once if it is refused for good, else once another part was taken, for then the server takes mails; until then
// it comes behind the others. After maxRefusals what is left is given up as well, or tried again later, as the last refusal says. lost is
// how many records are given up.
func (e *emitter) search(err error) (lost uint64, refusal error) {
	taken, postponed := false, 0
	for refusals := 1; ; refusals++ {
		switch final, content := aboutContent(err); {
		case err == nil:
			taken, postponed = true, 0
			refusals--
			e.flushed(nil)
		case content && final && refusals >= maxRefusals:
			return lost + e.dropOutgoing(true), err
		case content && refusals < maxRefusals && e.halve():
			postponed = 0
		case content && refusals < maxRefusals && !final && !taken && postponed <= e.partsLeft():
			postponed++
			e.postpone()
		case content && refusals < maxRefusals && !final && taken:
			refusal = &session.RefusedError{Err: fmt.Errorf("mailcore: given up, for the server took other mails meanwhile: %w", err)}
			lost += e.dropOutgoing(false)
		case session.IsFinal(err):
			refusal = err
			lost += e.dropOutgoing(false)
		default:
			e.flushed(err)
			return lost, err
		}
		digest := e.nextPart()
		if digest == nil {
			return lost, refusal
		}
		err = e.mailer.mail(digest)
	}
}

// halve makes two parts of the outgoing digest, if it has more than one record.
func (e *emitter) halve() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.window.outgoing.Divides() {
		return false
	}
	e.mailer.attempts.done(e.window.outgoing.Sum())
	e.window.halve()
	return true
}

func (e *emitter) postpone() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.window.postpone()
}

func (e *emitter) partsLeft() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.window.parts)
}

// nextPart returns the part of a digest that is to be sent next, or nil.
func (e *emitter) nextPart() *message.Digest {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.window.part() {
		return nil
	}
	return &e.window.outgoing
}

// dropOutgoing gives up the outgoing digest, or all parts of it, and returns how many records that costs.
func (e *emitter) dropOutgoing(all bool) (lost uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for {
		e.mailer.attempts.done(e.window.outgoing.Sum())
		lost += e.window.drop(time.Now())
		if !all || !e.window.part() {
			return lost
		}
	}
}

func (e *emitter) takeDigest() *message.Digest {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.window.pending() == 0 {
		return nil
	}
	return e.window.take()
}

// flushed tells the window what became of the outgoing digest.
func (e *emitter) flushed(err error) (lost uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	var retry *base.RetryError
	switch {
	case err == nil:
		e.window.sent(now)
	case session.IsFinal(err):
		return e.window.drop(now)
	case errors.As(err, new(*session.UnansweredError)):
		after := time.Duration(0)
		if errors.As(err, &retry) {
			after = retry.After
		}
		e.window.retry(now, after)
	default:
		e.window.returned(now)
	}
	return 0
}

// flushAll sends all that waits: the digest that may have arrived, and what came after it.
func (e *emitter) flushAll() (lost uint64, err error) {
	for range 2 {
		more, flushErr := e.flush()
		lost += more
		if flushErr != nil {
			err = flushErr
			if !session.IsFinal(err) {
				break
			}
		}
	}
	return lost, err
}
