package mailcore

import (
	"errors"
	"time"

	"example.com/zaphandlers/mailcore/internal/message"
	"example.com/zaphandlers/mailcore/internal/session"
	base "example.com/zaphandlers/zapcore"
)

// windowEnds sends what the window holds. The window's timer calls it, so it reports errors to OnError.
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
	if search := (partSearch{e}); search.isDue(digest, err) {
		return search.run(err)
	}
	return e.flushed(err), err
}

func (e *emitter) takeDigest() *message.Digest {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.window.pending() == 0 {
		return nil
	}
	return e.window.take()
}

// flushed tells the window the outcome of the outgoing digest.
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

// flushAll sends everything that waits: the digest that may have arrived, and what came after it.
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
