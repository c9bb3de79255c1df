package jetstream

import (
	"bytes"
	"slices"
	"strconv"

	"example.com/zaphandlers/queuecore/internal/stored"
)

// appender publishes records: what is known of the end of the stream, and of what was published there. The caller has Engine.appending.
type appender struct {
	engine *Engine

	producer  string
	serial    uint64
	id        string   // of the message in hand
	sequence  uint64   // of the last message
	number    uint64   // of the last record
	largest   int      // bytes of a message that the stream takes; 0 or less: no bound of its own
	lastID    string   // of the last message, where it was asked for
	data      []byte   // of the message in hand
	piece     part     // of a record that is, if it is one
	uncertain [][]byte // the records of that message, which is perhaps stored, under id; nil: there is none
	tried     uint64   // the sequence that it has if the last attempt without an answer has stored it; 0: there was none

	stored stored.Records // though their Append returned an error
}

// begin gives the next message its id. tapes are those that are stored with it: none, if it is a piece of a record and not the last.
func (a *appender) begin(tapes [][]byte, data []byte, piece part) {
	a.serial++
	a.id = a.producer + "-" + strconv.FormatUint(a.serial, 10)
	a.uncertain, a.data, a.piece, a.tried = tapes, data, piece, 0
}

// advance notes that the message in hand is the last one now.
func (a *appender) advance(sequence, records uint64) {
	a.sequence = sequence
	a.number += records
	a.lastID = a.id
}

// refused notes that there was no room for the message in hand: it is stored only if an attempt before has done so.
func (a *appender) refused() {
	if a.tried == 0 {
		a.uncertain = nil
	}
}

// remember keeps, after an error, copies of records that are stored, and of those that perhaps are.
func (a *appender) remember(records [][]byte) {
	a.stored.Add(records)
	for i, tape := range a.uncertain {
		a.uncertain[i] = bytes.Clone(tape)
	}
}

// startsUncertain returns how many records at the beginning of tapes are those of the message that is perhaps stored.
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
