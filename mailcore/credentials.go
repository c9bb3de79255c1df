package mailcore

import "context"

// TLS says how the connection is encrypted.
type TLS string

// The kinds of TLS. With each but TLSNone the server must prove who it is, and nothing is sent in clear if it cannot.
const (
	TLSAuto     TLS = ""         // implicit on port 465; else STARTTLS if there are Credentials, and none if there are not
	TLSNone     TLS = "none"     // never
	TLSSTARTTLS TLS = "starttls" // RFC 3207: required, so a server (or someone between) that does not offer it gets no mail
	TLSImplicit TLS = "implicit" // RFC 8314: from the first byte, usually on port 465
)

// Credentials prove to the server who sends. The zero value sends without.
//
// Of what the server offers the best is tried first: XOAUTH2 if there is a Token; else SCRAM-SHA-256, CRAM-MD5, PLAIN, LOGIN,
// the next if it refuses one (Python knows the last three, in this order). Over a connection without TLS the password never
// travels in clear, unless the server is on this machine and TLSNone is asked for.
type Credentials struct {
	Username string // of the account. Required with a Password or a Token.
	Password string // of the account
	// Token returns an OAuth 2.0 access token, and makes XOAUTH2 the only mechanism. It is called for each new connection,
	// so it should cache; it should return when ctx ends, which is after Config.Timeout, and must not log to this core.
	Token func(ctx context.Context) (string, error)
}

func (c Credentials) given() bool { return c.Username != "" }

// String returns the user's name and no secret, so that a Config may be printed.
func (c Credentials) String() string {
	if !c.given() {
		return "no credentials"
	}
	return c.Username + ", and a secret"
}

// GoString is String.
func (c Credentials) GoString() string { return c.String() }
