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
	if e.contentRefusals > 0 && e.contentRefusals%suspectAfter == 0 && digest.Omitted < digest.Records {
		err = e.flushSuspect(digest)
	} else if err = e.mailer.mail(digest); err != nil && digest.Omitted < digest.Records {
		err = e.flushRefused(digest, err)
	}
	if temporary := (*session.TemporaryError)(nil); errors.As(err, &temporary) && temporary.Content {
		e.contentRefusals++
	} else if err == nil {
		e.contentRefusals = 0
	}
	return e.flushed(err), err
}

// flushRefused sends the counts of a digest without its text, if that is why the server has refused it for good: it is too long, or one
// of its records is something that the server takes no mail with.
func (e *emitter) flushRefused(digest *message.Digest, err error) error {
	var refused *session.RefusedError
	switch {
	case !errors.As(err, &refused):
		return err
	case refused.TooLarge:
		digest.CountOnly()
		return e.mailer.mail(digest)
	case refused.Content && e.mailCounts(digest) == nil:
		e.leaveOut(digest, err)
		return nil
	}
	return err
}

// flushSuspect sends the counts of a digest that the server has not taken for now, again and again. If it takes them, and then still not
// the text, it is the text that it does not take, and that is given up; else it stays.
func (e *emitter) flushSuspect(digest *message.Digest) error {
	if err := e.mailCounts(digest); err != nil {
		return err
	}
	err := e.mailer.mail(digest)
	if temporary := (*session.TemporaryError)(nil); errors.As(err, &temporary) && temporary.Content {
		e.leaveOut(digest, err)
		return nil
	}
	return err
}

// mailCounts sends the counts of a digest without its text.
func (e *emitter) mailCounts(digest *message.Digest) error {
	counts := digest.Counts()
	return e.mailer.mail(&counts)
}

// leaveOut gives up the text of a digest whose counts were sent, and tells why.
func (e *emitter) leaveOut(digest *message.Digest, err error) {
	e.mailer.notice.put(fmt.Errorf("mailcore: the text of a digest was left out, for the server takes no mail with it: %w", err))
	digest.CountOnly()
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
