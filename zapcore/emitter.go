package zapcore

import (
	"sync"

	"go.uber.org/zap/zapcore"
)

// Formatter makes the bytes of one record for a destination: an RFC 5424 message, a pickle, a form, an OTLP log record.
type Formatter interface {
	// Append appends r in the destination's format to dst and returns the extended slice. It is called by many goroutines at
	// once, under no lock, so this is where the user's per-record hooks run. An error refuses the record for good. It keeps
	// neither dst nor r.
	Append(dst []byte, r *Record) ([]byte, error)
}

// BatchRefuser is for a Formatter that knows goroutines which must not wait for its destination, because the destination waits for them.
type BatchRefuser interface {
	// RefuseBatch is called before a batch is formatted, under no lock. An error leaves all of the batch for another attempt.
	RefuseBatch() error
}

// Emitter carries frames to a destination. A Handler calls its methods one at a time, under its lock, so an Emitter needs none;
// Interrupt, where it has one, is the exception.
//
// Its methods must return within deadlines of their own, and must not log to the Handler they serve.
type Emitter interface {
	// Emit delivers one frame, which is valid only during the call. ent is the record it was made of. Nil means that the
	// destination's API took all of it; an error means that the record counts as refused. A *RetryError, and any error whose
	// Timeout method says true, puts the Handler into backoff. Who holds records, as a queue, tries one again after any error, and what is
	// behind it waits, but for a *RejectedError: that record is lost, and the others go on.
	Emit(ent zapcore.Entry, frame []byte) error
	// Sync makes what was emitted as safe as the destination can.
	Sync() error
	// Close delivers what is held, within a deadline, and releases everything. It is called once; no other method is called after it.
	Close() error
}

// BatchEmitter is an Emitter that does better with many frames at once: one write for a thousand, one POST, one digest.
type BatchEmitter interface {
	Emitter

	// EmitBatch delivers frames in order; frame i was made of record i of batch. What it returns is what
	// BatchWriter.WriteBatch returns. It keeps neither.
	EmitBatch(batch *Batch, frames *Frames) (n int, err error)
}

// Interrupter is an Emitter whose call under way can be told that Close is waiting.
type Interrupter interface {
	// Interrupt makes a call that is under way return soon, for instance by expiring its connection's deadline. It is called
	// without the Handler's lock, at any time, by any goroutine.
	Interrupt()
}

// Hurrier is an Emitter whose call under way may take longer than a record above Error can wait: the process is about to end.
type Hurrier interface {
	// Hurry makes a call that is under way return within the time that an urgent record has. It is called without the
	// Handler's lock, at any time, by any goroutine, before an entry above Error waits for that lock.
	Hurry()
}

// Flusher is an Emitter, a Core or a WriteSyncer that holds bytes back to hand them on together. Flush hands them on now, and no
// more than that: unlike Sync it does not ask for safety on a disk. A queue calls it when it has run empty, so that a writer
// with a large buffer needs no ticker and the last line is never stuck.
type Flusher interface {
	// Flush hands on what is held back. Of an Emitter it is called under the Handler's lock.
	Flush() error
}

// Accountant is an Emitter that learns later what became of the frames it took: one whose destination confirms what it has.
type Accountant interface {
	// Account returns how many of all the frames taken so far were delivered, and how many were given up. The others are
	// pending. If ok is false, what was taken counts as delivered, as without this method. It is called under the Handler's
	// lock, also after Close.
	Account() (delivered, dropped uint64, ok bool)
}

// Skipper is an Emitter that numbers the frames it is given, so that a receiver sees by the gaps what is missing.
type Skipper interface {
	// Skip tells of a record that Write refuses because of a backoff, so that the Emitter never sees it. It is called under the
	// Handler's lock. Records of a batch do not count: their holder tries again.
	Skip()
}

// Noticer is an Emitter that may have something to tell although it took the record: a mail that one of its recipients refused.
type Noticer interface {
	// Notice returns what has happened since the last call that OnError should hear, or nil. The Handler asks after each call
	// of Emit, EmitBatch, Sync and Close, without its lock.
	Notice() error
}

// Unconfirmer is an Emitter whose destination may not confirm what it gets.
type Unconfirmer interface {
	// Unconfirmed returns true where a nil from Emit is no proof that the destination works, as with datagrams and streams without
	// acknowledgement. Whoever reports a failure then says that it is over only when success has held for a second. It may be
	// called at any time, by any goroutine.
	Unconfirmed() bool
}

// Confirmer is an Emitter whose destination confirms, later, what it gets.
type Confirmer interface {
	// Confirms returns true where what Emit took is in the memory of this process, and pending, until the destination confirms it, and
	// where Sync waits for that and does nothing else. Whoever forgets a record once it is delivered calls Sync before. It may be
	// called at any time, by any goroutine.
	Confirms() bool
}

// Frames is an ordered list of frames that lie end to end in one buffer, so that they can be written at once.
type Frames struct {
	buf  []byte
	ends []int
}

// Len returns the number of frames.
func (f *Frames) Len() int { return len(f.ends) }

// Bytes returns all frames end to end.
func (f *Frames) Bytes() []byte { return f.buf }

// Ends returns where each frame ends in Bytes.
func (f *Frames) Ends() []int { return f.ends }

// At returns frame i.
func (f *Frames) At(i int) []byte {
	return f.buf[f.start(i):f.ends[i]]
}

func (f *Frames) start(i int) int {
	if i == 0 {
		return 0
	}
	return f.ends[i-1]
}

// Add appends a frame. It is for an Emitter that hands frames of its own to another.
func (f *Frames) Add(frame []byte) {
	f.buf = append(f.buf, frame...)
	f.ends = append(f.ends, len(f.buf))
}

// Reset empties f and keeps its memory.
func (f *Frames) Reset() { f.buf, f.ends = f.buf[:0], f.ends[:0] }

var framesPool = sync.Pool{New: func() any { return new(Frames) }}

// keepFrames is the largest buffer for a batch, in bytes, that the pool keeps.
const keepFrames = 4 << 20

func (f *Frames) free() {
	if cap(f.buf) <= keepFrames {
		f.Reset()
		framesPool.Put(f)
	}
}

// RecordWriter is a WriteSyncer that is told where records end, so that it may put a boundary of its own (a rotation)
// between two of them and never inside one. The file writers of package writesyncers are RecordWriters.
type RecordWriter interface {
	zapcore.WriteSyncer

	// WriteRecords writes the records that lie end to end in b: record i ends just before ends[i], and the last end is
	// len(b). It returns how many records, from the first, were written whole; n < len(ends) comes with an error, and
	// nothing of record n or of those after it counts as written. A record that never can be is named in a *RejectedError, and
	// counts among the n. It keeps neither slice.
	WriteRecords(b []byte, ends []int) (n int, err error)
}
