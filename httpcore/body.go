package httpcore

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"sync"

	base "example.com/zaphandlers/zapcore"
)

// gzipFrom is the smallest body, in bytes, that is compressed: below it gzip saves no packet.
const gzipFrom = 1 << 10

// copyBody is the largest body, in bytes, that is copied rather than lent to the transport.
const copyBody = 4 << 10

// keepBody is the largest buffer, in bytes, that is kept from one request to the next.
const keepBody = 4 << 20

// body is what one request carries: records, as an Envelope says.
type body struct {
	envelope *Envelope
	zip      *zip   // nil: not compressed
	bytes    []byte // before compression; own, or lent by the Handler
	own      []byte
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

// fill makes the body of the frames in s. Where each is a line already, and lines are wanted, it is the frames themselves.
func (b *body) fill(frames *base.Frames, s span, ids *ids) {
	first := 0
	if s.from > 0 {
		first = frames.Ends()[s.from-1]
	}
	ends := frames.Ends()[s.from:s.to]
	whole := frames.Bytes()[first:ends[len(ends)-1]]
	if b.envelope.oneLine && areLines(whole, first, ends) {
		b.bytes = whole
		return
	}
	b.begin(len(whole))
	if b.envelope.head != nil {
		b.own = append(b.own, whole...)
		b.end()
		return
	}
	for i := s.from; i < s.to; i++ {
		if i > s.from {
			b.own = append(b.own, b.envelope.Between...)
		}
		b.add(frames.At(i), ids, i)
	}
	b.end()
}

// areLines tells whether each frame ends in the only newline that it has.
func areLines(lines []byte, first int, ends []int) bool {
	if bytes.Count(lines, newline) != len(ends) {
		return false
	}
	for _, end := range ends {
		if end == first || lines[end-first-1] != '\n' {
			return false
		}
	}
	return true
}

var newline = []byte{'\n'}

// fillOne makes the body of one frame that is in no batch.
func (b *body) fillOne(frame []byte, ids *ids) {
	b.begin(len(frame))
	if b.envelope.head != nil {
		b.own = append(b.own, frame...)
	} else {
		b.add(frame, ids, -1)
	}
	b.end()
}

// begin writes what goes before so many bytes of records.
func (b *body) begin(records int) {
	if cap(b.own) > keepBody {
		b.own = nil
	}
	if b.envelope.head != nil {
		b.own = b.envelope.head(b.own[:0], records)
		return
	}
	b.own = append(b.own[:0], b.envelope.Before...)
}

// add writes the part of record n of the batch.
func (b *body) add(frame []byte, ids *ids, n int) {
	start := len(b.own)
	b.own = append(b.own, trimLineEnd(frame)...)
	if b.envelope.idAt > 0 {
		ids.put(b.own[start+b.envelope.idAt:], n)
	}
	if !b.envelope.oneLine {
		return
	}
	for line := b.own[start:]; ; {
		i := bytes.IndexByte(line, '\n')
		if i < 0 {
			return
		}
		line[i], line = ' ', line[i+1:]
	}
}

// trimLineEnd is bytes.TrimRight(frame, "\r\n") without the table that it makes at each call.
func trimLineEnd(frame []byte) []byte {
	for n := len(frame); n > 0 && (frame[n-1] == '\n' || frame[n-1] == '\r'); n-- {
		frame = frame[:n-1]
	}
	return frame
}

func (b *body) end() {
	b.own = append(b.own, b.envelope.After...)
	b.bytes = b.own
}

// attach makes the body that of req, until it is detached.
//
// A small one is copied, into a reader of a type for which net/http sends header and body in one packet; that saves a third of
// the time of a request. A large one is read where it lies.
func (b *body) attach(req *http.Request) *payload {
	whole := b.bytes
	if b.zip != nil && len(whole) >= gzipFrom {
		whole = b.zip.compress(whole)
		req.Header["Content-Encoding"] = []string{"gzip"}
	}
	req.ContentLength = int64(len(whole))
	if len(whole) <= copyBody {
		whole = bytes.Clone(whole)
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(whole)), nil }
		req.Body = io.NopCloser(bytes.NewReader(whole))
		return nil
	}
	p := &payload{bytes: whole}
	req.GetBody = func() (io.ReadCloser, error) { return &payloadReader{payload: p}, nil }
	req.Body = &payloadReader{payload: p}
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
// the memory is wanted for the next request: so the reader is cut off. A nil payload lends nothing.
//
// A write under way is waited for. It ends soon: 50 ms after the answer, or when the request's time is up, net/http closes a
// connection that has not taken the body.
type payload struct {
	mu       sync.Mutex // guards the fields below
	bytes    []byte
	detached bool
}

func (p *payload) detach() {
	if p == nil {
		return
	}
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

// writeTo writes what is left, but no more than that many bytes, to w.
func (r *payloadReader) writeTo(w io.Writer, most int64) (int64, error) {
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
func (r *payloadReader) Close() error { return nil }
