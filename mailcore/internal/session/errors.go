package session

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"regexp"
	"strings"
	"time"

	"go.uber.org/multierr"
)

// RecipientsError names the recipients that the server refused.
type RecipientsError struct {
	Addresses []string // refused, as in the envelope
	Err       error    // the server's reply for each
}

// Error implements error.
func (e *RecipientsError) Error() string {
	return fmt.Sprintf("mailcore: refused: %s: %v", strings.Join(e.Addresses, ", "), e.Err)
}

// Unwrap returns the server's replies.
func (e *RecipientsError) Unwrap() error { return e.Err }

// add adds addresses and the reason. An err that is a RecipientsError is about the addresses that it names.
func (e *RecipientsError) add(addresses []string, err error) {
	if named := (*RecipientsError)(nil); errors.As(err, &named) {
		addresses, err = named.Addresses, named.Err
	}
	e.Addresses = append(e.Addresses, addresses...)
	e.Err = multierr.Append(e.Err, err)
}

// RefusedError means that the message is refused: sending it again would not help.
type RefusedError struct {
	Err      error
	TooLarge bool // smaller messages may be taken
	Content  bool // the content is refused, and not sender or recipients
}

// Error implements error.
func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap returns the server's reply.
func (e *RefusedError) Unwrap() error { return e.Err }

// TemporaryError means that the message may be taken later: by the server's reply, or because the server did not get the message's
// end.
type TemporaryError struct {
	Err     error
	Content bool // it came after the content, or while it was sent, and may be because of it
}

// Error implements error.
func (e *TemporaryError) Error() string { return e.Err.Error() }

// Unwrap returns the server's reply.
func (e *TemporaryError) Unwrap() error { return e.Err }

// UnansweredError means that the content was sent, perhaps without its end, and the server did not answer: the message may arrive.
type UnansweredError struct{ Err error }

// Error implements error.
func (e *UnansweredError) Error() string { return e.Err.Error() }

// Unwrap returns how the connection ended.
func (e *UnansweredError) Unwrap() error { return e.Err }

// errNotOffered is the error for a server that lacks something required.
var errNotOffered = errors.New("not offered")

// replyCode returns the code of the reply in err; 0 if there is none.
func replyCode(err error) int {
	var reply *textproto.Error
	if errors.As(err, &reply) {
		return reply.Code
	}
	return 0
}

// isVerdict reports whether err already says what becomes of the message.
func isVerdict(err error) bool {
	return errors.As(err, new(*RefusedError)) || errors.As(err, new(*TemporaryError))
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// isHangUp reports whether err means that the connection has ended, and not that the server is slow.
func isHangUp(err error) bool {
	if err == nil || isVerdict(err) || isTimeout(err) {
		return false
	}
	return replyCode(err) == 0 || replyCode(err) == 421
}

// constantError is an error whose text is the same each time.
type constantError struct {
	text string
	err  error
}

func (e *constantError) Error() string { return e.text }
func (e *constantError) Unwrap() error { return e.err }

// ownAddress is the local address as package net shows it: "read tcp 127.0.0.1:43210->127.0.0.1:25".
var ownAddress = regexp.MustCompile(`\S+:\d{1,5}->`)

// withoutVariables returns err without what differs from one attempt to the next: the local port, and the time at which a certificate
// was found to be expired. So a repeated error can be recognised.
func withoutVariables(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if errors.As(err, new(*net.OpError)) || errors.As(err, new(*net.DNSError)) {
		text = ownAddress.ReplaceAllString(text, "")
	}
	if invalid := (x509.CertificateInvalidError{}); errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil {
		text = strings.ReplaceAll(text, invalid.Error(), fmt.Sprintf("x509: certificate has expired or is not yet valid: it is valid from %s to %s",
			invalid.Cert.NotBefore.UTC().Format(time.RFC3339), invalid.Cert.NotAfter.UTC().Format(time.RFC3339)))
	}
	if text == err.Error() {
		return err
	}
	return &constantError{text, err}
}
