package connection

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// verdict is the server's decision about the client certificate.
//
// In TLS 1.3 the client's handshake ends before the server has checked its certificate. A refusal comes after that: the first records
// would be written, without an error, to a server that discards them. So if the server asked for a certificate, the first record
// waits for a sign: a session ticket (which servers send once they are content), an alert, or silence for as long as the answer to
// another round trip might take.
type verdict struct {
	asked   bool // written only during the handshake
	begun   time.Time
	content chan struct{} // closed when a session ticket has come
	once    sync.Once
}

const (
	minSilence = 50 * time.Millisecond
	maxSilence = 500 * time.Millisecond
)

// watchVerdict returns a copy of cfg that reports to the verdict.
func watchVerdict(cfg *tls.Config) (*tls.Config, *verdict) {
	v := &verdict{begun: time.Now(), content: make(chan struct{})}
	watched := cfg.Clone()
	choose := cfg.GetClientCertificate
	certificates := cfg.Certificates
	watched.GetClientCertificate = func(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		v.asked = true
		if choose != nil {
			return choose(info)
		}
		for i := range certificates {
			if info.SupportsCertificate(&certificates[i]) == nil {
				return &certificates[i], nil
			}
		}
		return new(tls.Certificate), nil
	}
	watched.ClientSessionCache = ticketWatch{v, cfg.ClientSessionCache}
	return watched, v
}

// await waits for the verdict on c, and reports whether the connection ended: by a refusal, or otherwise. With a nil verdict there is
// nothing to wait for.
func (v *verdict) await(ctx context.Context, c *Conn) (refused bool) {
	if !v.isOpen(c) {
		return false
	}
	silence := min(max(2*time.Since(v.begun), minSilence), maxSilence)
	timer := time.NewTimer(silence)
	defer timer.Stop()
	select {
	case <-v.content:
	case <-timer.C:
	case <-ctx.Done():
	case <-c.done:
		return true
	}
	return false
}

// isOpen reports whether the server of c may still refuse the client certificate: it has asked for one, and has sent no session ticket.
// Before TLS 1.3 the handshake waits for the decision.
func (v *verdict) isOpen(c *Conn) bool {
	if v == nil || !v.asked || c.net.(*tls.Conn).ConnectionState().Version < tls.VersionTLS13 {
		return false
	}
	select {
	case <-v.content:
		return false
	default:
		return true
	}
}

// refusals are the alerts by which a server refuses a client because of its certificate, or the lack of one: RFC 8446, section 6.2.
var refusals = [...]tls.AlertError{42, 43, 44, 45, 46, 48, 49, 116}

// refusesClient reports whether err, which ended c, is such an alert, and the verdict on it. Then the server has read nothing of what was
// written.
func refusesClient(c *Conn, err error) bool {
	return c.verdict.isOpen(c) && slices.ContainsFunc(refusals[:], func(alert tls.AlertError) bool { return isAlert(err, alert.Error()) })
}

// isAlert reports whether err is an alert sent by the peer, with that text; "" stands for any.
func isAlert(err error, text string) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error" && (text == "" || op.Err.Error() == text)
}

// ticketWatch is a session cache that notices a ticket. It keeps tickets only if the user's cache does.
type ticketWatch struct {
	verdict *verdict
	cache   tls.ClientSessionCache // nil: none
}

func (w ticketWatch) Get(key string) (*tls.ClientSessionState, bool) {
	if w.cache == nil {
		return nil, false
	}
	return w.cache.Get(key)
}

func (w ticketWatch) Put(key string, state *tls.ClientSessionState) {
	w.verdict.once.Do(func() { close(w.verdict.content) })
	if w.cache != nil {
		w.cache.Put(key, state)
	}
}

// counted counts the bytes that TLS makes of what is written. The system counts these, too, when it tells what was not acknowledged.
type counted struct {
	net.Conn
	bytes atomic.Uint64
}

// Write implements net.Conn.
func (c *counted) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.bytes.Add(uint64(n))
	return n, err
}

// taken returns how many bytes the system took since the last call, for n bytes that were written. A nil c counts no TLS: it returns
// n.
func (c *counted) taken(n int) int {
	if c == nil {
		return n
	}
	return int(c.bytes.Swap(0))
}
