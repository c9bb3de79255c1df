package jetstream

import (
	"bytes"
	"slices"
	"strconv"
)

// appender is what is known of the stream's end, and of what was published there.
type appender struct {
	producer string
	serial   uint64
	id       string   // of the message in hand
	sequence uint64   // of the last message
	number   uint64   // of the last record
	lastID   string   // of the last message, where it was asked for
	doubt    [][]byte // the records of a message that is perhaps stored, under id; nil: there is none
	stored   [][]byte // records that are stored though their Append returned an error
}

// begin gives the next message its id. tapes are those in it, if it is not a piece of a record.
func (a *appender) begin(tapes [][]byte) {
	a.serial++
	a.id = a.producer + "-" + strconv.FormatUint(a.serial, 10)
	a.doubt = tapes
}

// advance notes that the message in hand is the last one now.
func (a *appender) advance(sequence, records uint64) {
	a.sequence = sequence
	a.number += records
	a.lastID = a.id
}

// remember keeps, after an error, copies of the records that are stored, and of those that perhaps are.
func (a *appender) remember(stored [][]byte) {
	a.stored, a.doubt = cloneAll(stored), cloneAll(a.doubt)
}

func cloneAll(tapes [][]byte) (all [][]byte) {
	for _, tape := range tapes {
		all = append(all, bytes.Clone(tape))
	}
	return all
}

// withoutStored returns tapes without those at their beginning that an Append before has stored.
func (a *appender) withoutStored(tapes [][]byte) [][]byte {
	if startsWith(tapes, a.stored) {
		return tapes[len(a.stored):]
	}
	a.stored, a.doubt = nil, nil
	return tapes
}

// unsure returns how many records at the beginning of tapes are those of the message that is perhaps stored.
func (a *appender) unsure(tapes [][]byte) int {
	n := len(a.doubt)
	if n == 0 || !startsWith(tapes, a.doubt) {
		return 0
	}
	return n
}

func startsWith(tapes, with [][]byte) bool {
	return len(tapes) >= len(with) && slices.EqualFunc(tapes[:len(with)], with, bytes.Equal)
}
