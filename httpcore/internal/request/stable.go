package request

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
)

// stableError is an error with a text that is the same each time.
type stableError struct {
	text string
	err  error
}

func (e *stableError) Error() string { return e.text }
func (e *stableError) Unwrap() error { return e.err }

// Stable removes from the text of err what differs from one attempt to the next: the local port, and the time of day at which a
// certificate was found to have expired. It also removes the URL, with any password in it.
func Stable(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	text := err.Error()
	const location = "failed to parse Location header" // what follows may contain a password of the server's
	if strings.HasPrefix(text, location) {
		text = location
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Source != nil {
		without := *op
		without.Source = nil
		text = strings.Replace(text, op.Error(), without.Error(), 1)
	}
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil {
		text = strings.Replace(text, invalid.Error(), fmt.Sprintf("x509: certificate is valid from %s to %s only",
			invalid.Cert.NotBefore.UTC().Format(time.DateTime), invalid.Cert.NotAfter.UTC().Format(time.DateTime)), 1)
	}
	if text == err.Error() {
		return err
	}
	return &stableError{text: text, err: err}
}
