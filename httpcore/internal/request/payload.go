package request

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"
)

// copyBody is the largest body that is copied instead of lent to the transport, in bytes.
const copyBody = 4 << 10

// Attach makes whole the body of req, until Detach.
//
// A small body is copied into a reader of a type for which net/http sends header and body in one packet, which saves a third of a
// request's time. A large one is read from its own memory.
func Attach(req *http.Request, whole []byte) *Payload {
	req.ContentLength = int64(len(whole))
	if len(whole) <= copyBody {
		whole = bytes.Clone(whole)
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(whole)), nil }
		req.Body = io.NopCloser(bytes.NewReader(whole))
		return nil
	}
	p := &Payload{bytes: whole}
	req.GetBody = func() (io.ReadCloser, error) { return &reader{payload: p}, nil }
	req.Body = &reader{payload: p}
	return p
}

// Payload is a lent body. A transport may still be reading it when the answer has come, because a server may answer early. But the
// memory is needed for the next request, so Detach cuts the reader off. A nil Payload lends nothing.
//
// Detach waits for a write under way. That ends soon: net/http closes a connection that has not taken the body 50 ms after the
// answer, or when the request's time is up.
type Payload struct {
	mu       sync.Mutex // guards the fields below
	bytes    []byte
	detached bool
}

// Detach ends the loan.
func (p *Payload) Detach() {
	if p == nil {
		return
	}
	p.mu.Lock()
	p.bytes, p.detached = nil, true
	p.mu.Unlock()
}

// reader reads a Payload for one attempt of the transport.
type reader struct {
	payload *Payload
	at      int
}

var errDetached = errors.New("httpcore: the request is over")

// Read implements io.Reader.
func (r *reader) Read(dst []byte) (int, error) {
	p := r.payload
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.detached {
		return 0, errDetached
	}
	if r.at == len(p.bytes) {
		return 0, io.EOF
	}
	n := copy(dst, p.bytes[r.at:])
	r.at += n
	return n, nil
}

// writeTo writes what is left to w, but at most most bytes.
func (r *reader) writeTo(w io.Writer, most int64) (int64, error) {
	p := r.payload
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.detached {
		return 0, errDetached
	}
	rest := p.bytes[r.at:]
	n, err := w.Write(rest[:min(most, int64(len(rest)))])
	r.at += n
	return int64(n), err
}

// Close implements io.Closer.
func (r *reader) Close() error { return nil }
