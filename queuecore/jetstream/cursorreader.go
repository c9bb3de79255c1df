package jetstream

import (
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// reader is a cursor in the hands of this process. It is for one goroutine at a time, but that one whose Listener was stopped may still
// be in a call when the next one begins.
type reader struct {
	engine *Engine
	name   string

	mu      sync.Mutex // guards the fields below
	acked   place
	another bool      // the stream is not the one in which acked.number was counted
	fetch   uint64    // the sequence from which on messages have not been asked for
	held    []message // asked for and not acknowledged, in order
	pieces  []byte    // of a record that is larger than a message
	next    part      // the piece that is to come
	looked  time.Time // when the stream was asked last whether r is in its place
	purged  time.Time // when what all cursors are done with was removed last
}

// message is a message with its records, numbered from first.
type message struct {
	sequence uint64
	first    uint64
	tapes    [][]byte
}

func (m *message) last() uint64 { return m.first + uint64(len(m.tapes)) - 1 }

// enterStream has r begin with the first message of a stream that was made anew: what it has of the old one is not in it.
func (r *reader) enterStream(born int64) {
	r.acked = r.acked.in(born)
	r.another = true
	r.goTo(1)
}

// goTo has r go on with the message of that sequence.
func (r *reader) goTo(sequence uint64) {
	r.fetch, r.held, r.pieces, r.next = sequence, nil, nil, part{}
}

// follows tells whether m begins with the record after the last that is acknowledged.
func (r *reader) follows(m *message) bool { return m.first == r.acked.number+1 }

// hold keeps m, and returns how many records before it are missing. It is behind what r is done with, and so are all its records, unless
// only a part of them was acknowledged: numbers that begin again are those of a stream that was made anew.
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

// take returns the records of a message, or of several in which there is one; nil where there is none yet.
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
