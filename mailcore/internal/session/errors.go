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

// RecipientsError names the recipients whom the server refused.
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

// add names others, and why. An error that names them itself is about those it names.
func (e *RecipientsError) add(addresses []string, err error) {
	if named := (*RecipientsError)(nil); errors.As(err, &named) {
		addresses, err = named.Addresses, named.Err
	}
	e.Addresses = append(e.Addresses, addresses...)
	e.Err = multierr.Append(e.Err, err)
}

// RefusedError is a verdict on the message itself: sending it again would not help.
type RefusedError struct {
	Err      error
	TooLarge bool // two smaller messages may be taken
	Content  bool // it is what the message says that is refused, and not who sends it to whom
}

// Error implements error.
func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap returns the server's words.
func (e *RefusedError) Unwrap() error { return e.Err }

// TemporaryError is the server's answer that this may work later, or a message of which the server did not get the end.
type TemporaryError struct {
	Err     error
	Content bool // it came after the content, or before all of it was sent, and may be because of it
}

// Error implements error.
func (e *TemporaryError) Error() string { return e.Err.Error() }

// Unwrap returns the server's words.
func (e *TemporaryError) Unwrap() error { return e.Err }

// UnansweredError says that the content was sent, but perhaps for its end, and that the server has not said what became of it: the message
// may arrive.
type UnansweredError struct{ Err error }

// Error implements error.
func (e *UnansweredError) Error() string { return e.Err.Error() }

// Unwrap returns how the connection ended.
func (e *UnansweredError) Unwrap() error { return e.Err }

// errNotOffered is the end of a connection whose server lacks what we insist on.
var errNotOffered = errors.New("not offered")

// replyCode returns the code of the server's answer that err is, or 0.
func replyCode(err error) int {
	var reply *textproto.Error
	if errors.As(err, &reply) {
		return reply.Code
	}
	return 0
}

// isVerdict tells whether err is one of ours that says already what becomes of the message.
func isVerdict(err error) bool {
	return errors.As(err, new(*RefusedError)) || errors.As(err, new(*TemporaryError))
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// isHangUp tells whether err is the end of a connection, and not a server that is slow.
func isHangUp(err error) bool {
	if err == nil || isVerdict(err) || isTimeout(err) {
		return false
	}
	return replyCode(err) == 0 || replyCode(err) == 421
}

// constantError is an error whose text is the same each time the same thing fails.
type constantError struct {
	text string
	err  error
}

func (e *constantError) Error() string { return e.text }
func (e *constantError) Unwrap() error { return e.err }

// ownAddress is our end of a connection as package net shows it: "read tcp 127.0.0.1:43210->127.0.0.1:25".
var ownAddress = regexp.MustCompile(`\S+:\d{1,5}->`)

// withoutVariables returns err without what differs from one attempt to the next: the port at our end of the connection, and the time
// at which a certificate was found to be out of date. So an error that repeats can be recognised.
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
