package httpcore

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"sync"
)

// gzipFrom is the smallest body, in bytes, that is compressed: below it gzip saves no packet.
const gzipFrom = 1 << 10

// keepBody is the largest buffer, in bytes, that is kept from one request to the next.
const keepBody = 4 << 20

// body collects records for one request, as an Envelope says.
type body struct {
	envelope *Envelope
	zip      *zip // nil: not compressed
	bytes    []byte
	records  int
}

// zip compresses bodies with a writer that is used again and again: making one costs more than a thousand records.
type zip struct {
	writer *gzip.Writer
	out    bytes.Buffer
}

func newZip() *zip {
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	return &zip{writer: w}
}

func (b *body) begin() {
	if cap(b.bytes) > keepBody {
		b.bytes = nil
	}
	b.bytes, b.records = append(b.bytes[:0], b.envelope.Before...), 0
}

func (b *body) add(frame []byte) {
	if b.records > 0 {
		b.bytes = append(b.bytes, b.envelope.Between...)
	}
	start := len(b.bytes)
	b.bytes = append(b.bytes, bytes.TrimRight(frame, "\r\n")...)
	if b.envelope.oneLine {
		for line := b.bytes[start:]; ; {
			i := bytes.IndexByte(line, '\n')
			if i < 0 {
				break
			}
			line[i], line = ' ', line[i+1:]
		}
	}
	b.records++
}

// with returns how many bytes the body would have with one more record.
func (b *body) with(frame []byte) int { return b.size() + len(b.envelope.Between) + len(frame) }

// size returns how many bytes the body has before compression.
func (b *body) size() int { return len(b.bytes) + len(b.envelope.After) }

// attach ends the body and makes it that of req, until it is detached.
func (b *body) attach(req *http.Request) *payload {
	b.bytes = append(b.bytes, b.envelope.After...)
	p := &payload{bytes: b.bytes}
	if b.zip != nil && len(b.bytes) >= gzipFrom {
		p.bytes = b.zip.compress(b.bytes)
		req.Header["Content-Encoding"] = []string{"gzip"}
	}
	req.ContentLength = int64(len(p.bytes))
	req.Body = &payloadReader{payload: p}
	req.GetBody = func() (io.ReadCloser, error) { return &payloadReader{payload: p}, nil }
	b.bytes = b.bytes[:len(b.bytes)-len(b.envelope.After)]
	return p
}

func (z *zip) compress(b []byte) []byte {
	if z.out.Cap() > keepBody {
		z.out = bytes.Buffer{}
	}
	z.out.Reset()
	z.writer.Reset(&z.out)
	_, _ = z.writer.Write(b) // a bytes.Buffer takes everything
	_ = z.writer.Close()
	return z.out.Bytes()
}

// payload is a body on its way. A transport may still be reading it when the answer is there (a server may answer early), but
// the memory is wanted for the next request: so the reader is cut off.
type payload struct {
	mu       sync.Mutex // guards the fields below
	bytes    []byte
	detached bool
}

func (p *payload) detach() {
	p.mu.Lock()
	p.bytes, p.detached = nil, true
	p.mu.Unlock()
}

// payloadReader reads a payload, for one attempt of the transport.
type payloadReader struct {
	payload *payload
	at      int
}

var errDetached = errors.New("httpcore: the request is over")

// Read implements io.Reader.
func (r *payloadReader) Read(dst []byte) (int, error) {
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

// Close implements io.Closer.
func (r *payloadReader) Close() error { return nil }
