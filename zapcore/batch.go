package zapcore

import (
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/zapcore/internal/tape"
)

// Batch is an ordered list of records, held as tapes that it does not own. Whoever holds many records (a queue, a buffer)
// hands them over as one Batch; what takes it must not keep any of it.
//
// The zero value is empty and ready. A Batch is for one goroutine at a time.
type Batch struct {
	tapes [][]byte
	view  Record
}

// Add appends a record. The tape must be what Record.Bytes returned or Record.Parse accepted, and must not change while the
// Batch is used.
func (b *Batch) Add(tape []byte) { b.tapes = append(b.tapes, tape) }

// Len returns the number of records.
func (b *Batch) Len() int { return len(b.tapes) }

// At returns record i. It is valid until the next call of At.
func (b *Batch) At(i int) *Record {
	b.view.View(b.tapes[i])
	return &b.view
}

// Tape returns the bytes of record i.
func (b *Batch) Tape(i int) []byte { return b.tapes[i] }

// Level returns the level of record i.
func (b *Batch) Level(i int) zapcore.Level { return tape.Level(b.tapes[i]) }

// Reset empties b and keeps its memory.
func (b *Batch) Reset() {
	clear(b.tapes)
	b.tapes = b.tapes[:0]
	b.view.View(nil)
}

// Slice makes b the records i to j of from. They share the tapes.
func (b *Batch) Slice(from *Batch, i, j int) {
	b.tapes = append(b.tapes[:0], from.tapes[i:j]...)
}

// BatchWriter is a Core that takes many records at once and says exactly which it took. Every Handler is one. Only a
// BatchWriter is retried by a queue: of any other Core nobody can know what it took.
type BatchWriter interface {
	zapcore.Core

	// WriteBatch hands over the records of batch, in order, without asking for their levels, and returns how many, from the
	// first, the core is done with: delivered, or refused for good and named in a *RejectedError. The others stay the
	// holder's, and so do those among the n that a *RetryError names; n < batch.Len() comes with an error, and a
	// *RetryError among the causes says that they may be tried again. It keeps nothing of the batch after it returned.
	WriteBatch(batch *Batch) (n int, err error)
}
