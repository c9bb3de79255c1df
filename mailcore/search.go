package mailcore

import (
	"errors"
	"fmt"
	"time"

	"example.com/zaphandlers/mailcore/internal/message"
	"example.com/zaphandlers/mailcore/internal/session"
)

// partSearch searches the digest of a window for the records at fault. The caller must hold emitter.sending.
type partSearch struct{ emitter *emitter }

// isDue reports whether a digest whose content was refused is to be searched for the record at fault: at once if it was refused for
// good, else after several refusals, because the server's state may be the cause.
func (s partSearch) isDue(digest *message.Digest, err error) bool {
	final, content := aboutContent(err)
	if !content {
		return false
	}
	s.emitter.mu.Lock()
	defer s.emitter.mu.Unlock()
	s.emitter.window.refusals++
	if !digest.Divides() || !final && s.emitter.window.refusals < poisonAfter {
		return false
	}
	s.emitter.window.refusals = 0
	return true
}

// aboutContent reports whether a mail was refused for its content, and whether for good.
func aboutContent(err error) (final, content bool) {
	var refused *session.RefusedError
	if errors.As(err, &refused) {
		return true, refused.Content && !refused.TooLarge
	}
	var temporary *session.TemporaryError
	return false, errors.As(err, &temporary) && temporary.Content
}

// run sends the outgoing digest, whose content was refused with err, in halves, down to the records at fault. A record that is
// refused alone is given up: at once if it was refused for good, else once another part was taken, which proves that the server takes
// mails; until then it is moved behind the other parts. After maxRefusals the rest is given up too, or tried again later, depending
// on the last refusal. lost is how many records are given up.
func (s partSearch) run(err error) (lost uint64, refusal error) {
	refusals, taken, postponed := 1, false, 0
	for {
		final, content := aboutContent(err)
		searching := content && refusals < maxRefusals
		switch {
		case err == nil:
			taken, postponed = true, 0
			s.emitter.flushed(nil)
		case content && final && !searching:
			return lost + s.drop(true), err
		case searching && s.halve():
			postponed = 0
		case searching && !final && !taken && postponed <= s.left():
			postponed++
			s.postpone()
		case searching && !final && taken:
			refusal = &session.RefusedError{Err: fmt.Errorf("mailcore: given up, for the server took other mails meanwhile: %w", err)}
			lost += s.drop(false)
		case session.IsFinal(err):
			refusal = err
			lost += s.drop(false)
		default:
			s.emitter.flushed(err)
			return lost, err
		}
		digest := s.next()
		if digest == nil {
			return lost, refusal
		}
		if err = s.emitter.mailer.mail(digest); err != nil {
			refusals++
		}
	}
}

// halve divides the outgoing digest in two, if it has more than one record.
func (s partSearch) halve() bool {
	s.emitter.mu.Lock()
	defer s.emitter.mu.Unlock()
	if !s.emitter.window.outgoing.Divides() {
		return false
	}
	s.emitter.mailer.attempts.done(s.emitter.window.outgoing.Sum())
	s.emitter.window.halve()
	return true
}

func (s partSearch) postpone() {
	s.emitter.mu.Lock()
	defer s.emitter.mu.Unlock()
	s.emitter.window.postpone()
}

func (s partSearch) left() int {
	s.emitter.mu.Lock()
	defer s.emitter.mu.Unlock()
	return len(s.emitter.window.parts)
}

// next returns the next part to send, or nil.
func (s partSearch) next() *message.Digest {
	s.emitter.mu.Lock()
	defer s.emitter.mu.Unlock()
	if !s.emitter.window.part() {
		return nil
	}
	return &s.emitter.window.outgoing
}

// drop gives up the outgoing digest, or all parts of it, and returns how many records that costs.
func (s partSearch) drop(all bool) (lost uint64) {
	s.emitter.mu.Lock()
	defer s.emitter.mu.Unlock()
	for {
		s.emitter.mailer.attempts.done(s.emitter.window.outgoing.Sum())
		lost += s.emitter.window.drop(time.Now())
		if !all || !s.emitter.window.part() {
			return lost
		}
	}
}
