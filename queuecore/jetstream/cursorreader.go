package jetstream

import (
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// reader reads for one cursor in this process. One goroutine at a time uses it, except that the goroutine of a stopped Listener may still
// be in a call when the next one begins.
type reader struct {
	engine *Engine
	name   string

	mu      sync.Mutex // guards the fields below
	acked   place
	another bool      // the stream was made anew since acked.number was stored
	fetch   uint64    // sequence of the next message to get
	held    []message // got and not acknowledged, in order
	pieces  []byte    // of a record that is larger than a message
	next    part      // the piece that must come next
	looked  time.Time // when relocateIfLost last asked the stream
	purged  time.Time // when Ack last purged
}

// message is a message and its records, the first of which has number first.
type message struct {
	sequence uint64
	first    uint64
	tapes    [][]byte
}

func (m *message) last() uint64 { return m.first + uint64(len(m.tapes)) - 1 }

// enterStream makes r begin with the first message of a stream that was made anew. It drops what r holds of the old one.
func (r *reader) enterStream(born int64) {
	r.acked = r.acked.in(born)
	r.another = true
	r.goTo(1)
}

// goTo makes r go on with the message of that sequence.
func (r *reader) goTo(sequence uint64) {
	r.fetch, r.held, r.pieces, r.next = sequence, nil, nil, part{}
}

// follows reports whether m begins with the record after the last acknowledged one.
func (r *reader) follows(m *message) bool { return m.first == r.acked.number+1 }

// hold adds m to held, and returns how many records before it are missing. The messages that r gets come after those it has acknowledged,
// so a message whose numbers are all acknowledged shows that the numbers have begun again, in a stream that was made anew.
func (r *reader) hold(m *message) (missing uint64) {
	switch {
	case m.first > r.acked.number+1:
		missing = m.first - r.acked.number - 1 // removed by age
	case r.another || m.last() <= r.acked.number:
		r.acked.number = m.first - 1
	}
	r.another = false
	r.held = append(r.held, *m)
	return missing
}

// take returns the records of a message. For the last piece of a large record it returns that record; for the other pieces, nil.
func (r *reader) take(msg *jetstream.RawStreamMsg) (*message, error) {
	p, err := parsePart(msg.Header)
	if err != nil {
		return nil, err
	}
	number, err := lastNumber(msg.Header)
	if err != nil && p.k == p.n { // the first pieces of the first record of all have none before them
		return nil, err
	}
	data := msg.Data
	if p.n > 0 {
		if data = r.assemble(p, data); data == nil {
			return nil, nil
		}
	}
	tapes, err := unpack(data)
	if err != nil || len(tapes) == 0 {
		return nil, err
	}
	if number < uint64(len(tapes)) {
		return nil, fmt.Errorf("%d records up to number %d", len(tapes), number)
	}
	return &message{sequence: msg.Sequence, first: number - uint64(len(tapes)) + 1, tapes: tapes}, nil
}

// assemble adds a piece of a record, and returns the whole record with its last piece. It drops pieces that are not followed by the next
// one: their record was published again.
func (r *reader) assemble(p part, data []byte) []byte {
	if p.k == 1 {
		r.pieces, r.next = nil, part{1, p.n}
	}
	if p != r.next {
		r.pieces, r.next = nil, part{}
		return nil
	}
	r.pieces = append(r.pieces, data...)
	r.next.k++
	if p.k < p.n {
		return nil
	}
	data, r.pieces = r.pieces, nil
	return data
}
