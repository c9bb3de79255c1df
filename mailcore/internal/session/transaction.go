package session

import (
	"errors"
	"fmt"
)

// Envelope is who sends and who receives (RFC 5321 section 2.3.1).
type Envelope struct {
	From  string
	To    []string
	ASCII bool // all addresses are
}

// Deliver sends one message, over a connection that it makes first if there is none. partial names the recipients that did not get
// it while others did. The errors are those of the package's doc. Those for whom the server has no room beside the others get it in
// further transactions, as long as each is of use to somebody: RFC 5321, section 4.5.3.1.10.
func (s *Session) Deliver(env *Envelope, message []byte) (partial *RecipientsError, err error) {
	var refused RecipientsError
	surplus, err := s.deliver(env, env.To, message, &refused)
	if err != nil {
		return nil, err
	}
	for len(surplus) > 0 {
		to := surplus
		if surplus, err = s.deliver(env, to, message, &refused); err != nil { // the others have it: an error would send it to them again
			refused.add(to, err)
		}
	}
	if len(refused.Addresses) > 0 {
		return &refused, nil
	}
	return nil, nil
}

// deliver makes one transaction, and draws the conclusions.
func (s *Session) deliver(env *Envelope, to []string, message []byte, refused *RecipientsError) (surplus []string, err error) {
	if s.UsedUp() {
		s.HangUp()
	}
	kept := s.client != nil
	err = s.begin(env, len(message))
	if kept && isHangUp(err) { // while it was idle: nothing has been said on it yet
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

// withVerdict removes from the text what differs each time, and keeps the verdict outermost.
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

// begin makes the connection and names the sender.
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
	if err := s.command(mailing, positive, "MAIL FROM:<%s>%s", env.From, parameters); err != nil {
		return fmt.Errorf("mailcore: mail from %s: %w", env.From, err)
	}
	return nil
}

// transfer names the recipients and sends the message to those whom the server takes. Whom it refuses is added to refused if others
// get the message; surplus are those of whom it says that they are too many.
func (s *Session) transfer(to []string, message []byte, refused *RecipientsError) (surplus []string, err error) {
	var all, final RecipientsError
	temporary := false
	for _, address := range to {
		err := s.command(rcpting, positive, "RCPT TO:<%s>", address)
		code := replyCode(err)
		switch {
		case err == nil:
			continue
		case code == 0 || code == 421:
			return nil, fmt.Errorf("mailcore: rcpt to %s: %w", address, err)
		case code == 452 || code == 552: // the latter by RFC 821
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
	if err := s.command(data, 354, "DATA"); err != nil {
		return nil, fmt.Errorf("mailcore: data: %w", err)
	}
	if err := s.send(message); err != nil {
		return nil, contentError(fmt.Errorf("mailcore: data: %w", err))
	}
	refused.add(final.Addresses, final.Err)
	return surplus, nil
}

// contentError says what an error means that came after DATA.
func contentError(err error) error {
	switch code := replyCode(err); {
	case errors.As(err, new(*TemporaryError)): // it was not sent whole
		return &TemporaryError{Err: err, Content: true}
	case code < 400: // it says neither yes nor no
		return &UnansweredError{err}
	case code == 552:
		return &RefusedError{Err: err, TooLarge: true, Content: true}
	case code >= 500:
		return &RefusedError{Err: err, Content: true}
	case code >= 400 && code != 421 && code != 452: // the one is the end of the connection, the other a full disk
		return &TemporaryError{Err: err, Content: true}
	}
	return err
}

// pieceBytes is how much of a message may be sent in the time of one step.
const pieceBytes = 64 << 10

// send sends the message itself. Only the server's last answer makes it the server's.
func (s *Session) send(message []byte) error {
	w := s.client.text.DotWriter()
	for len(message) > 0 {
		n := min(len(message), pieceBytes)
		err := s.during(content, func() error {
			_, err := w.Write(message[:n])
			return err
		})
		if err != nil {
			return s.incomplete(s.refusedEarly(err))
		}
		message = message[n:]
	}
	return s.during(ending, func() error {
		if err := w.Close(); err != nil {
			return s.refusedEarly(err)
		}
		_, _, err := readReply(&s.client.text.Reader, positive)
		return err
	})
}

// refusedEarly returns what the server has said of a message that it did not read to its end: some refuse a large one as soon as it is, and
// hang up, or read no more. Where it has said nothing, that is err. The connection carries no other: its next command would end the message.
func (s *Session) refusedEarly(err error) error {
	s.unfinished = true
	s.wire.allow(min(s.cfg.Timeout, goodbye))
	if code, text, readErr := readReply(&s.client.text.Reader, 0); readErr == nil && code >= 400 {
		return replyError(code, text)
	}
	return err
}

// incomplete says what it means that the server did not get all of a message: it cannot have arrived, however often that happens.
func (s *Session) incomplete(err error) error {
	if replyCode(err) != 0 {
		return err
	}
	return &TemporaryError{Err: err, Content: true}
}

// positive is any code from 200 to 299. Of one that it does not know a client has to go by the first digit: RFC 5321, section 4.2.1.
const positive = 2

// conclude draws the conclusions from an error: what becomes of the connection, and of the mail.
func (s *Session) conclude(err error) error {
	code := replyCode(err)
	unanswered := errors.As(err, new(*UnansweredError))
	switch {
	case s.client == nil:
		return err // open has said all
	case code == 421 || unanswered || s.unfinished || code == 0 && !isVerdict(err):
		s.drop()
	case s.command(mailing, 250, "RSET") != nil:
		s.drop()
	}
	switch {
	case isVerdict(err) || unanswered || code == 0:
		return err
	case code == 552:
		return &RefusedError{Err: err, TooLarge: true}
	case code >= 500 && code != 530: // 530 wants credentials, and is no verdict on the mail
		return &RefusedError{Err: err}
	}
	return &TemporaryError{Err: err}
}

// IsFinal tells whether err is the end of the message.
func IsFinal(err error) bool { return errors.As(err, new(*RefusedError)) }
