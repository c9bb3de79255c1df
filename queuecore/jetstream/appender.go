package jetstream

import (
	"bytes"
	"slices"
	"strconv"

	"example.com/zaphandlers/queuecore/internal/stored"
)

// appender publishes records. It knows the end of the stream, and the current message: the one being published, or the last one that was.
// The caller of its methods holds Engine.appending.
type appender struct {
	engine *Engine

	producer  string
	serial    uint64
	id        string   // of the current message
	sequence  uint64   // of the last message of the stream
	number    uint64   // of the last record of the stream
	largest   int      // the largest message that the stream takes, in bytes; 0 or less: no bound
	lastID    string   // id of the last message of the stream, if it is known
	data      []byte   // of the current message
	piece     part     // which piece of a record the current message is; zero if it holds whole records
	uncertain [][]byte // records of the current message, if that may be stored; nil: it is not
	tried     uint64   // the sequence of the current message, if an attempt without an answer has stored it; 0: there was no such attempt

	stored stored.Records // records that are stored though their Append returned an error
}

// begin begins a new current message. tapes are the records that are stored with it: none, if it is a piece of a record but not the last.
func (a *appender) begin(tapes [][]byte, data []byte, piece part) {
	a.serial++
	a.id = a.producer + "-" + strconv.FormatUint(a.serial, 10)
	a.uncertain, a.data, a.piece, a.tried = tapes, data, piece, 0
}

// advance notes that the current message is the last one of the stream now.
func (a *appender) advance(sequence, records uint64) {
	a.sequence = sequence
	a.number += records
	a.lastID = a.id
}

// refused notes that there was no room for the current message: it is not stored, unless an attempt before has done so.
func (a *appender) refused() {
	if a.tried == 0 {
		a.uncertain = nil
	}
}

// remember keeps, after an error, copies of records that are stored, and of the uncertain ones.
func (a *appender) remember(records [][]byte) {
	a.stored.Add(records)
	for i, tape := range a.uncertain {
		a.uncertain[i] = bytes.Clone(tape)
	}
}

// startsUncertain returns how many uncertain records there are, if tapes begins with them; else 0.
func (a *appender) startsUncertain(tapes [][]byte) int {
	n := len(a.uncertain)
	if n == 0 || !startsWith(tapes, a.uncertain) {
		return 0
	}
	return n
}

func startsWith(tapes, with [][]byte) bool {
	return len(tapes) >= len(with) && slices.EqualFunc(tapes[:len(with)], with, bytes.Equal)
}
