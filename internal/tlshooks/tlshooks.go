package tlshooks

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	base "example.com/zaphandlers/zapcore"
)

// Guarded returns a copy of cfg whose hooks do not panic.
func Guarded(cfg *tls.Config) *tls.Config {
	c := cfg.Clone()
	if f := c.GetCertificate; f != nil {
		c.GetCertificate = func(info *tls.ClientHelloInfo) (*tls.Certificate, error) {
			return call("GetCertificate", func() (*tls.Certificate, error) { return f(info) })
		}
	}
	if f := c.GetClientCertificate; f != nil {
		c.GetClientCertificate = func(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return call("GetClientCertificate", func() (*tls.Certificate, error) { return f(info) })
		}
	}
	if f := c.GetEncryptedClientHelloKeys; f != nil {
		c.GetEncryptedClientHelloKeys = func(info *tls.ClientHelloInfo) ([]tls.EncryptedClientHelloKey, error) {
			return call("GetEncryptedClientHelloKeys", func() ([]tls.EncryptedClientHelloKey, error) { return f(info) })
		}
	}
	if f := c.GetConfigForClient; f != nil {
		var last atomic.Pointer[guarded]
		c.GetConfigForClient = func(info *tls.ClientHelloInfo) (*tls.Config, error) {
			other, err := call("GetConfigForClient", func() (*tls.Config, error) { return f(info) })
			if other == nil || err != nil {
				return nil, err
			}
			g := last.Load()
			if g == nil || g.of != other {
				g = &guarded{other, Guarded(other)}
				last.Store(g) // a copy has keys of its own, by which sessions are resumed
			}
			return g.copy, nil
		}
	}
	verification(c)
	sessions(c)
	environment(c)
	return c
}

// guarded is a copy of what GetConfigForClient returned.
type guarded struct{ of, copy *tls.Config }

// environment guards what TLS reads and writes beside the connection.
func environment(c *tls.Config) {
	if f := c.Time; f != nil {
		c.Time = func() (now time.Time) {
			if try("Time", func() error { now = f(); return nil }) != nil {
				return time.Now()
			}
			return now
		}
	}
	if c.Rand != nil {
		c.Rand = reader{c.Rand}
	}
	if c.KeyLogWriter != nil {
		c.KeyLogWriter = writer{c.KeyLogWriter}
	}
}

type reader struct{ of io.Reader }

// Read implements io.Reader.
func (r reader) Read(b []byte) (int, error) {
	return call("Rand", func() (int, error) { return r.of.Read(b) })
}

type writer struct{ of io.Writer }

// Write implements io.Writer.
func (w writer) Write(b []byte) (int, error) {
	return call("KeyLogWriter", func() (int, error) { return w.of.Write(b) })
}

// verification guards what looks at a peer.
func verification(c *tls.Config) {
	if f := c.VerifyPeerCertificate; f != nil {
		c.VerifyPeerCertificate = func(raw [][]byte, chains [][]*x509.Certificate) error {
			return try("VerifyPeerCertificate", func() error { return f(raw, chains) })
		}
	}
	if f := c.VerifyConnection; f != nil {
		c.VerifyConnection = func(state tls.ConnectionState) error {
			return try("VerifyConnection", func() error { return f(state) })
		}
	}
	if f := c.EncryptedClientHelloRejectionVerify; f != nil {
		c.EncryptedClientHelloRejectionVerify = func(state tls.ConnectionState) error {
			return try("EncryptedClientHelloRejectionVerify", func() error { return f(state) })
		}
	}
}

// sessions guards what keeps sessions.
func sessions(c *tls.Config) {
	if c.ClientSessionCache != nil {
		c.ClientSessionCache = cache{c.ClientSessionCache}
	}
	if f := c.WrapSession; f != nil {
		c.WrapSession = func(state tls.ConnectionState, session *tls.SessionState) ([]byte, error) {
			return call("WrapSession", func() ([]byte, error) { return f(state, session) })
		}
	}
	if f := c.UnwrapSession; f != nil {
		c.UnwrapSession = func(ticket []byte, state tls.ConnectionState) (*tls.SessionState, error) {
			return call("UnwrapSession", func() (*tls.SessionState, error) { return f(ticket, state) })
		}
	}
}

// cache is the user's; one that panics has no session, and keeps none.
type cache struct{ of tls.ClientSessionCache }

// Get implements tls.ClientSessionCache.
func (c cache) Get(key string) (session *tls.ClientSessionState, ok bool) {
	_ = try("ClientSessionCache", func() error {
		session, ok = c.of.Get(key)
		return nil
	})
	return session, ok
}

// Put implements tls.ClientSessionCache.
func (c cache) Put(key string, session *tls.ClientSessionState) {
	_ = try("ClientSessionCache", func() error {
		c.of.Put(key, session)
		return nil
	})
}

func try(hook string, f func() error) error {
	_, err := call(hook, func() (struct{}, error) { return struct{}{}, f() })
	return err
}

func call[T any](hook string, f func() (T, error)) (value T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s of the TLS configuration: %w", hook, &base.PanicError{Value: p})
		}
	}()
	return f()
}
