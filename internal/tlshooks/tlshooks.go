package tlshooks

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	base "example.com/zaphandlers/zapcore"
)

// Guarded returns a copy of cfg whose hooks do not panic. Hooks that are called in a handshake also return before it is over, if it
// may take that long: within three quarters of its time. A handshake of 0 or less is no limit.
func Guarded(cfg *tls.Config, handshake time.Duration) *tls.Config {
	c, within := cfg.Clone(), handshake/4*3
	if f := c.GetCertificate; f != nil {
		c.GetCertificate = func(info *tls.ClientHelloInfo) (*tls.Certificate, error) {
			return await(within, "GetCertificate", func() (*tls.Certificate, error) { return f(info) })
		}
	}
	if f := c.GetClientCertificate; f != nil {
		c.GetClientCertificate = func(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return await(within, "GetClientCertificate", func() (*tls.Certificate, error) { return f(info) })
		}
	}
	if f := c.GetEncryptedClientHelloKeys; f != nil {
		c.GetEncryptedClientHelloKeys = func(info *tls.ClientHelloInfo) ([]tls.EncryptedClientHelloKey, error) {
			return await(within, "GetEncryptedClientHelloKeys", func() ([]tls.EncryptedClientHelloKey, error) { return f(info) })
		}
	}
	if f := c.GetConfigForClient; f != nil {
		var last atomic.Pointer[guarded]
		c.GetConfigForClient = func(info *tls.ClientHelloInfo) (*tls.Config, error) {
			other, err := await(within, "GetConfigForClient", func() (*tls.Config, error) { return f(info) })
			if other == nil || err != nil {
				return nil, err
			}
			g := last.Load()
			if g == nil || g.of != other {
				g = &guarded{other, Guarded(other, handshake)}
				last.Store(g) // one copy for all connections: it has its own keys for resuming sessions
			}
			return g.copy, nil
		}
	}
	verification(c, within)
	sessions(c, within)
	environment(c)
	return c
}

// guarded is a result of GetConfigForClient and its guarded copy.
type guarded struct{ of, copy *tls.Config }

// environment guards what TLS reads and writes besides the connection.
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

// verification guards the hooks that verify a peer.
func verification(c *tls.Config, within time.Duration) {
	if f := c.VerifyPeerCertificate; f != nil {
		c.VerifyPeerCertificate = func(raw [][]byte, chains [][]*x509.Certificate) error {
			return awaitError(within, "VerifyPeerCertificate", func() error { return f(raw, chains) })
		}
	}
	if f := c.VerifyConnection; f != nil {
		c.VerifyConnection = func(state tls.ConnectionState) error {
			return awaitError(within, "VerifyConnection", func() error { return f(state) })
		}
	}
	if f := c.EncryptedClientHelloRejectionVerify; f != nil {
		c.EncryptedClientHelloRejectionVerify = func(state tls.ConnectionState) error {
			return awaitError(within, "EncryptedClientHelloRejectionVerify", func() error { return f(state) })
		}
	}
}

// sessions guards the hooks that keep sessions.
func sessions(c *tls.Config, within time.Duration) {
	if c.ClientSessionCache != nil {
		c.ClientSessionCache = cache{c.ClientSessionCache}
	}
	if f := c.WrapSession; f != nil {
		c.WrapSession = func(state tls.ConnectionState, session *tls.SessionState) ([]byte, error) {
			return await(within, "WrapSession", func() ([]byte, error) { return f(state, session) })
		}
	}
	if f := c.UnwrapSession; f != nil {
		c.UnwrapSession = func(ticket []byte, state tls.ConnectionState) (*tls.SessionState, error) {
			return await(within, "UnwrapSession", func() (*tls.SessionState, error) { return f(ticket, state) })
		}
	}
}

// cache is the user's cache. If it panics it has no session, and keeps none.
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

func awaitError(within time.Duration, hook string, f func() error) error {
	_, err := await(within, hook, func() (struct{}, error) { return struct{}{}, f() })
	return err
}

// await calls a hook on a goroutine of its own. A hook that does not return in time is left behind: it may wait for a lock that is
// held during the handshake, as one that logs does.
func await[T any](within time.Duration, hook string, f func() (T, error)) (T, error) {
	if within <= 0 {
		return call(hook, f)
	}
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		r := result{err: fmt.Errorf("%s of the TLS configuration has ended its goroutine (runtime.Goexit)", hook)}
		defer func() { done <- r }()
		r.value, r.err = call(hook, f)
	}()
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case r := <-done:
		return r.value, r.err
	case <-timer.C:
		var none T
		return none, fmt.Errorf("%s of the TLS configuration has not returned within %v: %w", hook, within, os.ErrDeadlineExceeded)
	}
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
