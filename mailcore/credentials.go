package mailcore

import "context"

// TLS says how the connection is encrypted.
type TLS string

// The kinds of TLS. With all but TLSNone the server must prove its identity, and nothing is sent in the clear if it cannot. TLSAuto may
// use no TLS at all.
const (
	TLSAuto     TLS = ""         // implicit TLS on port 465; on others STARTTLS with Credentials, and no TLS without
	TLSNone     TLS = "none"     // never
	TLSSTARTTLS TLS = "starttls" // RFC 3207, required: a server (or someone in between) that does not offer it gets no mail
	TLSImplicit TLS = "implicit" // RFC 8314: from the first byte, usually on port 465
)

// Credentials authenticate the sender to the server. The zero value sends without authentication.
//
// The best mechanism that the server offers is tried first: XOAUTH2 if there is a Token; else SCRAM-SHA-256, CRAM-MD5, PLAIN, LOGIN,
// each after a refusal of the one before (Python has the last three, in this order). Over a connection without TLS the password never
// travels in the clear, unless the server is on this machine and TLSNone is set.
type Credentials struct {
	Username string // Required with a Password or a Token.
	Password string
	// Token returns an OAuth 2.0 access token, and makes XOAUTH2 the only mechanism. It is called for each new connection, so it
	// should cache. It should return when ctx ends, which is after Config.Timeout. It must not log to this core.
	Token func(ctx context.Context) (string, error)
}

func (c Credentials) given() bool { return c.Username != "" }

// String returns the user name and no secret, so a Config may be printed.
func (c Credentials) String() string {
	if !c.given() {
		return "no credentials"
	}
	return c.Username + ", and a secret"
}

// GoString is String.
func (c Credentials) GoString() string { return c.String() }
