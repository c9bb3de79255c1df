package session

import (
	"errors"
	"fmt"
)

// Envelope is the sender and the recipients (RFC 5321 section 2.3.1).
type Envelope struct {
	From  string
	To    []string
	ASCII bool // all addresses are ASCII
}

// Deliver sends one message, and connects first if necessary. The package comment lists its errors. partial names the recipients that
// did not get the message if others did. Recipients that are too many for the server get it in further transactions, as long as each
// transaction reaches somebody: RFC 5321, section 4.5.3.1.10.
func (s *Session) Deliver(env *Envelope, message []byte) (partial *RecipientsError, err error) {
	var refused RecipientsError
	surplus, err := s.deliver(env, env.To, message, &refused)
	if err != nil {
		return nil, err
	}
	for len(surplus) > 0 {
		to := surplus
		if surplus, err = s.deliver(env, to, message, &refused); err != nil { // the others have it: with an error they would get it again
			refused.add(to, err)
		}
	}
	if len(refused.Addresses) > 0 {
		return &refused, nil
	}
	return nil, nil
}

// deliver makes one transaction, and returns the recipients that were too many for it.
func (s *Session) deliver(env *Envelope, to []string, message []byte, refused *RecipientsError) (surplus []string, err error) {
	if s.UsedUp() {
		s.HangUp()
	}
	kept := s.client != nil
	err = s.begin(env, len(message))
	if kept && isHangUp(err) { // the server closed it while it was idle, so nothing is lost
		s.drop()
		err = s.begin(env, len(message))
	}
	if err == nil {
		surplus, err = s.transfer(to, message, refused)
	}
	if err == nil {
		s.times.delivered()
		return surplus, nil
	}
	return nil, withVerdict(s.conclude(err))
}

// withVerdict removes from the text what differs each time, and keeps the kind of the error.
func withVerdict(err error) error {
	switch e := err.(type) {
	case *UnansweredError:
		return &UnansweredError{withoutVariables(e.Err)}
	case *TemporaryError:
		return &TemporaryError{Err: withoutVariables(e.Err), Content: e.Content}
	case *RefusedError:
		return e
	}
	return withoutVariables(err)
}

// begin connects if necessary, and names the sender.
func (s *Session) begin(env *Envelope, size int) error {
	if err := s.open(); err != nil {
		return err
	}
	s.mails++
	if s.offer.max > 0 && int64(size) > s.offer.max {
		return &RefusedError{TooLarge: true, Err: fmt.Errorf("mailcore: a mail of %d bytes, and %s takes %d", size, s.cfg.Addr, s.offer.max)}
	}
	parameters := ""
	if s.offer.size {
		parameters = fmt.Sprintf(" SIZE=%d", size)
	}
	if !env.ASCII {
		if !s.offer.utf8 {
			return &RefusedError{Err: fmt.Errorf("mailcore: %s does not take addresses that are not ASCII (SMTPUTF8)", s.cfg.Addr)}
		}
		parameters += " SMTPUTF8"
	}
	if err := s.command(stepMail, positive, "MAIL FROM:<%s>%s", env.From, parameters); err != nil {
		return fmt.Errorf("mailcore: mail from %s: %w", env.From, err)
	}
	return nil
}

// transfer names the recipients, and sends the message to those that the server accepts. Recipients that it refuses are added to
// refused if others get the message. surplus are those that are too many.
func (s *Session) transfer(to []string, message []byte, refused *RecipientsError) (surplus []string, err error) {
	var all, final RecipientsError
	temporary := false
	for _, address := range to {
		err := s.command(stepRcpt, positive, "RCPT TO:<%s>", address)
		code := replyCode(err)
		switch {
		case err == nil:
			continue
		case code == 0 || code == 421:
			return nil, fmt.Errorf("mailcore: rcpt to %s: %w", address, err)
		case code == 452 || code == 552: // 552 by RFC 821
			surplus = append(surplus, address)
		default:
			final.add([]string{address}, err)
		}
		temporary = temporary || code < 500
		all.add([]string{address}, err)
	}
	switch {
	case len(all.Addresses) == len(to) && temporary:
		return nil, &TemporaryError{Err: &all}
	case len(all.Addresses) == len(to):
		return nil, &RefusedError{Err: &all}
	}
	if err := s.command(stepData, 354, "DATA"); err != nil {
		return nil, fmt.Errorf("mailcore: data: %w", err)
	}
	if err := s.send(message); err != nil {
		return nil, contentError(fmt.Errorf("mailcore: data: %w", err))
	}
	refused.add(final.Addresses, final.Err)
	return surplus, nil
}

// contentError returns the meaning of an error after DATA.
func contentError(err error) error {
	switch code := replyCode(err); {
	case errors.As(err, new(*TemporaryError)): // not all of it was sent
		return &TemporaryError{Err: err, Content: true}
	case code < 400: // neither yes nor no
		return &UnansweredError{err}
	case code == 552:
		return &RefusedError{Err: err, TooLarge: true, Content: true}
	case code >= 500:
		return &RefusedError{Err: err, Content: true}
	case code >= 400 && code != 421 && code != 452: // 421 ends the connection, 452 is a full disk
		return &TemporaryError{Err: err, Content: true}
	}
	return err
}

// pieceBytes is how much of a message may be sent in the time of one step.
const pieceBytes = 64 << 10

// send sends the message itself. Only the server's last answer makes it responsible for the message.
func (s *Session) send(message []byte) error {
	w := s.client.text.DotWriter()
	for len(message) > 0 {
		n := min(len(message), pieceBytes)
		err := s.during(stepContent, func() error {
			_, err := w.Write(message[:n])
			return err
		})
		if err != nil {
			return s.incomplete(s.refusedEarly(err))
		}
		message = message[n:]
	}
	return s.during(stepAnswer, func() error {
		if err := w.Close(); err != nil {
			return s.refusedEarly(err)
		}
		_, _, err := readReply(&s.client.text.Reader, positive)
		return err
	})
}

// refusedEarly returns the server's reply to a message that it did not read to the end: some servers refuse a large message as soon
// as they see its size, and then hang up or stop reading. Without a reply it returns err. The connection is then useless: the next
// command would be part of the message.
func (s *Session) refusedEarly(err error) error {
	s.unfinished = true
	s.wire.allow(min(s.cfg.Timeout, quitTimeout))
	if code, text, readErr := readReply(&s.client.text.Reader, 0); readErr == nil && code >= 400 {
		return replyError(code, text)
	}
	return err
}

// incomplete returns the error for a message that the server did not get completely: it cannot have arrived, however often this
// happens.
func (s *Session) incomplete(err error) error {
	if replyCode(err) != 0 {
		return err
	}
	return &TemporaryError{Err: err, Content: true}
}

// positive is any code from 200 to 299. For an unknown code a client must go by the first digit: RFC 5321, section 4.2.1.
const positive = 2

// conclude decides from an error what becomes of the connection, and returns what becomes of the mail.
func (s *Session) conclude(err error) error {
	code := replyCode(err)
	unanswered := errors.As(err, new(*UnansweredError))
	switch {
	case s.client == nil:
		return err // open has already judged it
	case code == 421 || unanswered || s.unfinished || code == 0 && !isVerdict(err):
		s.drop()
	case s.command(stepMail, 250, "RSET") != nil:
		s.drop()
	}
	switch {
	case isVerdict(err) || unanswered || code == 0:
		return err
	case code == 552:
		return &RefusedError{Err: err, TooLarge: true}
	case code >= 500 && code != 530: // 530 asks for credentials, and is not about the mail
		return &RefusedError{Err: err}
	}
	return &TemporaryError{Err: err}
}

// IsFinal reports whether err refuses the message for good.
func IsFinal(err error) bool { return errors.As(err, new(*RefusedError)) }
