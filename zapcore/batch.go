package zapcore

import (
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/zapcore/internal/tape"
)

// Batch is an ordered list of records, held as tapes that it does not own. A queue or a buffer hands over many records as one Batch;
// its receiver must not keep any of it.
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

// BatchWriter is a Core that takes many records at once and says exactly which it took. Every Handler is one. A queue
// retries only BatchWriters: after an error of any other Core nobody knows which records it took.
type BatchWriter interface {
	zapcore.Core

	// WriteBatch hands over the records of batch, in order, without checking their levels. It returns how many records, from the
	// first, the core is done with: delivered, or refused for good and named in a *RejectedError. The caller keeps the
	// others, and those among the n that a *RetryError names. If n < batch.Len() there is an error; a *RetryError among its
	// causes says that the rest may be tried again. WriteBatch must not keep any of the batch after it returned.
	WriteBatch(batch *Batch) (n int, err error)
}
