package connection

import (
	"crypto/x509"
	"errors"
	"net"
	"regexp"
)

// steadyError is an error whose text is the same for each attempt, so that a repeated failure is recognised.
type steadyError struct {
	text string
	err  error
}

func (e *steadyError) Error() string { return e.text }
func (e *steadyError) Unwrap() error { return e.err }

var (
	// localEnd is a connection's local address, whose port differs each time: "127.0.0.1:43210->".
	localEnd = regexp.MustCompile(`[^\s]+:\d+->`)
	// present is the current time in crypto/x509's error about an expired certificate.
	present = regexp.MustCompile(`: current time \S+ is (before|after) `)
)

// IsTimeout reports whether err is a timeout.
func IsTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// Steady returns err without what differs each time: the local port, and the current time. errors.Is and errors.As see the same
// errors as in err.
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
