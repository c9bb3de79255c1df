package httpcore

import (
	"bytes"
	"net/http"

	"example.com/zaphandlers/httpcore/internal/request"
	base "example.com/zaphandlers/zapcore"
)

// keepBody is the largest buffer that is kept between requests, in bytes.
const keepBody = 4 << 20

// body is the content of a request: records in an Envelope.
type body struct {
	envelope *Envelope
	zip      *request.Zip // nil: no compression
	bytes    []byte       // before compression; either own or the Handler's memory
	own      []byte
}

// fill makes the body of the frames in s. If lines are wanted and each frame is a line already, it uses the frames' memory.
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

// areLines reports whether each frame ends in its only newline.
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

// fillOne makes the body of a frame that is in no batch.
func (b *body) fillOne(frame []byte, ids *ids) {
	b.begin(len(frame))
	if b.envelope.head != nil {
		b.own = append(b.own, frame...)
	} else {
		b.add(frame, ids, -1)
	}
	b.end()
}

// begin writes what precedes that many bytes of records.
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

// add writes the part of record n of the batch; n is -1 for a record that is in no batch.
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

// trimLineEnd is bytes.TrimRight(frame, "\r\n"), without the table that it makes for each call.
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

// attach makes b the body of req, until the Payload is detached.
func (b *body) attach(req *http.Request) *request.Payload {
	whole := b.bytes
	if b.zip != nil && len(whole) >= request.GzipFrom {
		whole = b.zip.Compress(whole)
		req.Header["Content-Encoding"] = []string{"gzip"}
	}
	return request.Attach(req, whole)
}
