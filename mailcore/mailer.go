package mailcore

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/multierr"

	"example.com/zaphandlers/mailcore/internal/message"
	"example.com/zaphandlers/mailcore/internal/session"
	base "example.com/zaphandlers/zapcore"
)

// mailer sends one digest as one mail, and interprets the server's answer. It is for one goroutine at a time.
type mailer struct {
	envelope  session.Envelope
	composer  message.Composer
	session   *session.Session
	attempts  attempts
	searching bool // for a record at fault, in parts of a mail
	idleTime  time.Duration
	maxBytes  int
	maxCopies int
	idled     func() // hangs up; called by idle
	idle      *time.Timer
	notice    notice
}

// mail sends d. An error is final if it is a *session.RefusedError.
func (m *mailer) mail(d *message.Digest) error {
	var known *attempt
	if len(m.attempts) > 0 {
		known = m.attempts.find(d.Sum())
	}
	var id message.Identity
	if known != nil {
		id = known.identity
	} else {
		id = m.composer.NewIdentity(time.Now())
	}
	err := m.send(d, id)
	if err == nil || session.IsFinal(err) {
		if known != nil {
			m.attempts.done(known.sum)
		}
		return err
	}
	return m.failed(m.attempts.failed(d.Sum(), int(d.Records), id), err)
}

// send composes the mail and delivers it.
func (m *mailer) send(d *message.Digest, id message.Identity) error {
	text := m.composer.Compose(d, id)
	defer m.composer.Release()
	if len(text) > m.maxBytes {
		return &session.RefusedError{TooLarge: true, Err: fmt.Errorf("mailcore: a mail of %d bytes, and Config.MaxBytes is %d", len(text), m.maxBytes)}
	}
	partial, err := m.session.Deliver(&m.envelope, text)
	if partial != nil {
		m.notice.put(partial)
	}
	m.keep()
	return err
}

// failed returns the error for a failed attempt. A mail that was sent several times without an answer to its content is given up, so
// that what waits behind it can pass, and readers do not get it for ever.
func (m *mailer) failed(a *attempt, err error) error {
	if !errors.As(err, new(*session.UnansweredError)) {
		if temporary := (*session.TemporaryError)(nil); errors.As(err, &temporary) {
			return &base.RetryError{Err: temporary}
		}
		return err
	}
	a.unanswered++
	if m.maxCopies > 0 && a.unanswered >= m.maxCopies {
		err = &session.RefusedError{Err: fmt.Errorf(
			"mailcore: given up after %d attempts that the server has not answered; the mail may have arrived: %w", a.unanswered, err)}
		m.attempts.done(a.sum)
		return err
	}
	if after := unansweredDelay(a.unanswered); after > 0 {
		return &base.RetryError{After: after, Err: err}
	}
	return err
}

// keep keeps the connection open for a while.
func (m *mailer) keep() {
	switch {
	case !m.session.Connected():
	case m.idleTime < 0 || m.session.UsedUp():
		m.session.HangUp()
	case m.idle == nil:
		m.idle = time.AfterFunc(m.idleTime, m.idled)
	default:
		m.idle.Reset(m.idleTime)
	}
}

// close hangs up.
func (m *mailer) close() {
	m.session.Close()
	if m.idle != nil {
		m.idle.Stop()
	}
}

// notice collects what OnError should hear although the mail was taken. It is safe for concurrent use, because the Handler asks while
// another mail may be under way.
type notice struct {
	mu  sync.Mutex // guards err
	err error      // the different errors of all mails since take
}

// mostNotices limits the different errors that are kept.
const mostNotices = 8

func (n *notice) put(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	said := multierr.Errors(n.err)
	for _, known := range said {
		if known.Error() == err.Error() {
			return
		}
	}
	if len(said) < mostNotices {
		n.err = multierr.Append(n.err, err)
	}
}

func (n *notice) take() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	err := n.err
	n.err = nil
	return err
}
