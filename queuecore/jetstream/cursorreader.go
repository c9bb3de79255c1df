package jetstream

import (
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// reader is a cursor in the hands of this process. It is for one goroutine at a time.
type reader struct {
	name   string
	acked  place
	fetch  uint64    // the sequence from which on messages have not been asked for
	held   []message // asked for and not acknowledged, in order
	pieces []byte    // of a record that is larger than a message
	next   part      // the piece that is to come
	looked time.Time // when the stream was asked last whether it is another now
	purged time.Time // when what all cursors are done with was removed last
}

// message is a message with its records, numbered from first.
type message struct {
	sequence uint64
	first    uint64
	tapes    [][]byte
}

func (m *message) last() uint64 { return m.first + uint64(len(m.tapes)) - 1 }

// take adds a message to those that r holds, and returns how many records before it are missing.
func (r *reader) take(msg *jetstream.RawStreamMsg) (missing uint64, err error) {
	p, err := parsePart(msg.Header)
	if err != nil {
		return 0, err
	}
	number, err := lastNumber(msg.Header)
	if err != nil && p.k == p.n { // the first pieces of the first record of all have none before them
		return 0, err
	}
	data := msg.Data
	if p.n > 0 {
		if data = r.assemble(p, data); data == nil {
			return 0, nil
		}
	}
	tapes, err := unpack(data)
	if err != nil {
		return 0, err
	}
	if number < uint64(len(tapes)) {
		return 0, fmt.Errorf("%d records up to number %d", len(tapes), number)
	}
	m := message{sequence: msg.Sequence, first: number - uint64(len(tapes)) + 1, tapes: tapes}
	if len(tapes) == 0 || m.last() <= r.acked.number {
		return 0, nil
	}
	if m.first > r.acked.number+1 {
		missing = m.first - r.acked.number - 1 // removed by age
	}
	r.held = append(r.held, m)
	return missing, nil
}

// assemble adds a piece of a record, and returns all of it with the last. Pieces whose successor did not come were begun again.
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
