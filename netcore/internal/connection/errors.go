package connection

import (
	"crypto/x509"
	"errors"
	"net"
	"regexp"
)

// steadyError is an error in words that do not change from one attempt to the next, so that the same failure is known as such.
type steadyError struct {
	text string
	err  error
}

func (e *steadyError) Error() string { return e.text }
func (e *steadyError) Unwrap() error { return e.err }

var (
	// localEnd is the own address of a connection, with a port that is another each time, as in "127.0.0.1:43210->".
	localEnd = regexp.MustCompile(`[^\s]+:\d+->`)
	// present is the time in what crypto/x509 says of a certificate out of date.
	present = regexp.MustCompile(`: current time \S+ is (before|after) `)
)

// IsTimeout tells whether err is a deadline that passed.
func IsTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// Steady returns err without what differs each time: the connection's own port, and the present time. What errors.Is and
// errors.As see stays.
func Steady(err error) error {
	inner := err
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		inner = op.Err
	}
	text := localEnd.ReplaceAllString(inner.Error(), "")
	if errors.As(err, new(x509.CertificateInvalidError)) {
		text = present.ReplaceAllString(text, ": it is $1 ")
	}
	if text == inner.Error() {
		return inner
	}
	return &steadyError{text: text, err: err}
}
