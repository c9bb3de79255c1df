package mailcore

import (
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"

	"go.uber.org/multierr"

	base "example.com/zaphandlers/zapcore"
)

// RecipientsError names the recipients whom the server refused. OnError gets it when others got the mail.
type RecipientsError struct {
	Addresses []string // refused, as the envelope names them
	Err       error    // the server's words for each
}

// Error implements error.
func (e *RecipientsError) Error() string {
	return fmt.Sprintf("mailcore: refused: %s: %v", strings.Join(e.Addresses, ", "), e.Err)
}

// Unwrap returns the server's words.
func (e *RecipientsError) Unwrap() error { return e.Err }

// finalError is a verdict on the mail itself: sending it again would not help.
type finalError struct{ err error }

func (e *finalError) Error() string { return e.err.Error() }
func (e *finalError) Unwrap() error { return e.err }

// tooLargeError is a finalError that two smaller mails would not meet.
type tooLargeError struct{ err error }

func (e *tooLargeError) Error() string { return e.err.Error() }
func (e *tooLargeError) Unwrap() error { return e.err }

// transact sends one message over c, which it makes first if there is none. partial names the recipients that did not get it
// while others did.
func (c *connection) transact(env *envelope, message []byte) (partial *RecipientsError, err error) {
	kept := c.client != nil
	err = c.begin(env, len(message))
	if kept && isHangUp(err) { // while it was idle: nothing has been said on it yet
		c.drop()
		err = c.begin(env, len(message))
	}
	if err == nil {
		partial, err = c.deliver(env, message)
	}
	if err == nil {
		return partial, nil
	}
	return nil, c.concluded(err)
}

// begin makes the connection and names the sender.
func (c *connection) begin(env *envelope, size int) error {
	if err := c.open(); err != nil {
		return err
	}
	if c.offer.max > 0 && int64(size) > c.offer.max {
		return &tooLargeError{fmt.Errorf("mailcore: a mail of %d bytes, and %s takes %d", size, c.addr, c.offer.max)}
	}
	parameters := ""
	if c.offer.size {
		parameters = fmt.Sprintf(" SIZE=%d", size)
	}
	if !env.ascii {
		if !c.offer.utf8 {
			return &finalError{fmt.Errorf("mailcore: %s does not take addresses that are not ASCII (SMTPUTF8)", c.addr)}
		}
		parameters += " SMTPUTF8"
	}
	if err := c.command(250, "MAIL FROM:<%s>%s", env.from, parameters); err != nil {
		return fmt.Errorf("mailcore: mail from %s: %w", env.from, err)
	}
	return nil
}

// deliver names the recipients and sends the message to those whom the server takes.
func (c *connection) deliver(env *envelope, message []byte) (*RecipientsError, error) {
	var refused RecipientsError
	temporary := false
	for _, to := range env.to {
		err := c.command(25, "RCPT TO:<%s>", to)
		if code := replyCode(err); err != nil && (code == 0 || code == 421) {
			return nil, fmt.Errorf("mailcore: rcpt to %s: %w", to, err)
		}
		if err != nil {
			temporary = temporary || replyCode(err) < 500
			refused.Addresses = append(refused.Addresses, to)
			refused.Err = multierr.Append(refused.Err, err)
		}
	}
	switch {
	case len(refused.Addresses) == len(env.to) && temporary:
		return nil, &base.RetryError{Err: &refused}
	case len(refused.Addresses) == len(env.to):
		return nil, &finalError{&refused}
	}
	if err := c.send(message); err != nil {
		return nil, fmt.Errorf("mailcore: data: %w", err)
	}
	if len(refused.Addresses) > 0 {
		return &refused, nil
	}
	return nil, nil
}

// timeoutBytes is how much of a message may be sent in one timeout.
const timeoutBytes = 64 << 10

// send sends the message itself. Only the server's last answer makes it the server's.
func (c *connection) send(message []byte) error {
	if err := c.command(354, "DATA"); err != nil {
		return err
	}
	w := c.client.Text.DotWriter()
	for len(message) > 0 {
		n := min(len(message), timeoutBytes)
		c.allow(c.timeout)
		if _, err := w.Write(message[:n]); err != nil {
			return err
		}
		message = message[n:]
	}
	c.allow(c.timeout)
	if err := w.Close(); err != nil {
		return err
	}
	_, _, err := c.client.Text.ReadResponse(250)
	return err
}

// concluded draws the conclusions from an error: what becomes of the connection, and of the mail.
func (c *connection) concluded(err error) error {
	code := replyCode(err)
	switch {
	case c.client == nil:
		return err // open has said all
	case code == 421 || code == 0 && !isVerdict(err):
		c.drop()
	case c.command(250, "RSET") != nil:
		c.drop()
	}
	switch {
	case isVerdict(err) || code == 0:
		return err
	case code == 552:
		return &tooLargeError{err}
	case code >= 500 && code != 530: // 530 wants credentials, and is no verdict on the mail
		return &finalError{err}
	}
	return &base.RetryError{Err: err}
}

// isVerdict tells whether err is one of ours that says already what becomes of the mail.
func isVerdict(err error) bool {
	return errors.As(err, new(*finalError)) || errors.As(err, new(*tooLargeError)) || errors.As(err, new(*base.RetryError))
}

// replyCode returns the code of the server's answer that err is, or 0.
func replyCode(err error) int {
	var reply *textproto.Error
	if errors.As(err, &reply) {
		return reply.Code
	}
	return 0
}

// isHangUp tells whether err is the end of a connection, and not a server that is slow.
func isHangUp(err error) bool {
	if err == nil || isVerdict(err) {
		return false
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return false
	}
	return replyCode(err) == 0 || replyCode(err) == 421
}
