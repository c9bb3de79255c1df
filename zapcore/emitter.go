package zapcore

import (
	"sync"

	"go.uber.org/zap/zapcore"
)

// Formatter makes the bytes of one record for a destination: an RFC 5424 message, a pickle, a form, an OTLP log record.
type Formatter interface {
	// Append appends r in the destination's format to dst and returns the extended slice. Many goroutines call it at once, under
	// no lock, so the user's per-record hooks belong here. An error refuses the record for good. It must keep neither dst nor r.
	Append(dst []byte, r *Record) ([]byte, error)
}

// BatchRefuser is a Formatter that can tell when the calling goroutine must not wait for the destination, because the destination
// waits for that goroutine.
type BatchRefuser interface {
	// RefuseBatch is called before a batch is formatted, under no lock. If it returns an error, the whole batch may be tried again.
	RefuseBatch() error
}

// Emitter carries frames to a destination. A Handler calls its methods one at a time, under its lock, so an Emitter needs no lock.
// The optional methods Interrupt, Hurry, Notice, Unconfirmed and Confirms are called without the lock.
//
// Every method must return within a deadline that the Emitter sets, and must not log to the Handler it serves.
type Emitter interface {
	// Emit delivers one frame, which is valid only during the call; ent is the entry it was made of. It returns nil if the
	// destination's API took the whole frame. After an error the record counts as refused. A *RetryError, or an error whose
	// Timeout method returns true, puts the Handler into backoff. A queue tries a record again after any error but a *RejectedError, and
	// the records behind it wait; after a *RejectedError that record is lost, and the queue goes on with the next.
	Emit(ent zapcore.Entry, frame []byte) error
	// Sync makes what was emitted as safe as the destination can.
	Sync() error
	// Close delivers what the Emitter holds, within a deadline, and releases everything. It is called once. Emit, EmitBatch, Sync and
	// Flush are not called after it.
	Close() error
}

// BatchEmitter is an Emitter that can send many frames together: in one write, one POST, one digest mail.
type BatchEmitter interface {
	Emitter

	// EmitBatch delivers frames in order; frame i was made of record i of batch. Its results are those of
	// BatchWriter.WriteBatch. It must keep neither argument.
	EmitBatch(batch *Batch, frames *Frames) (n int, err error)
}

// Interrupter is an Emitter whose running call can be cut short when Close waits for it.
type Interrupter interface {
	// Interrupt makes a running call return soon, for instance by expiring the deadline of its connection. Any goroutine may call
	// it, at any time, without the Handler's lock.
	Interrupt()
}

// Hurrier is an Emitter whose calls may take longer than a record above Error can wait, for the process is about to end.
type Hurrier interface {
	// Hurry makes a running call return within the time that an urgent record has. The Handler calls it without its lock, before
	// an entry above Error waits for that lock: at any time, on any goroutine.
	Hurry()
}

// Flusher is an Emitter, a Core or a WriteSyncer that holds bytes back to hand them on together. A queue that has run empty calls
// Flush, so that a writer with a large buffer needs no ticker and never sits on the last line.
type Flusher interface {
	// Flush hands on the bytes held back. Unlike Sync it does not make them safe on a disk. A Handler calls the Flush of its
	// Emitter under its lock.
	Flush() error
}

// Accountant is an Emitter that learns later what became of the frames it took, because its destination acknowledges them.
type Accountant interface {
	// Account returns how many of all the frames taken so far were delivered, and how many were given up; the others are
	// pending. If ok is false, every frame taken counts as delivered, as without this method. It is called under the Handler's
	// lock, also after Close.
	Account() (delivered, dropped uint64, ok bool)
}

// Skipper is an Emitter that numbers its frames, so that the receiver can see gaps.
type Skipper interface {
	// Skip counts a record that Write refused during a backoff, so that the Emitter never sees it. It is called under the
	// Handler's lock. It is not called for records of a batch, because their holder tries them again.
	Skip()
}

// Noticer is an Emitter that may have an error to report although it took the record: one recipient of a mail was refused, say.
type Noticer interface {
	// Notice returns the error that OnError should get for what happened since the last call, or nil. The Handler calls it after
	// each Emit, EmitBatch, Sync and Close, without its lock.
	Notice() error
}

// Unconfirmer is an Emitter whose destination may not confirm what it gets.
type Unconfirmer interface {
	// Unconfirmed returns true if a nil from Emit does not prove that the destination works, as with datagrams and streams without
	// acknowledgement. A failure is then reported as over only when success has held for a second. Any goroutine may call it,
	// at any time.
	Unconfirmed() bool
}

// Confirmer is an Emitter whose destination confirms, later, what it gets.
type Confirmer interface {
	// Confirms returns true if the frames that Emit took stay pending, in the memory of this process, until the destination confirms
	// them, and if Sync waits for that and does nothing else. A queue that must not lose records with the process calls Sync before it
	// forgets them. Any goroutine may call it, at any time.
	Confirms() bool
}

// Frames is an ordered list of frames that lie end to end in one buffer, so that one write can send them all.
type Frames struct {
	buf  []byte
	ends []int
}

// Len returns the number of frames.
func (f *Frames) Len() int { return len(f.ends) }

// Bytes returns all frames end to end.
func (f *Frames) Bytes() []byte { return f.buf }

// Ends returns the offset in Bytes at which each frame ends.
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

// Add appends a frame. It is for an Emitter that wraps another and hands it frames that it made itself.
func (f *Frames) Add(frame []byte) {
	f.buf = append(f.buf, frame...)
	f.ends = append(f.ends, len(f.buf))
}

// Reset empties f and keeps its memory.
func (f *Frames) Reset() { f.buf, f.ends = f.buf[:0], f.ends[:0] }

var framesPool = sync.Pool{New: func() any { return new(Frames) }}

// keepFrames is the largest buffer, in bytes, that the pool of Frames keeps.
const keepFrames = 4 << 20

func (f *Frames) free() {
	if cap(f.buf) <= keepFrames {
		f.Reset()
		framesPool.Put(f)
	}
}

// RecordWriter is a WriteSyncer that learns where records end, so that it rotates its file between two records and never inside
// one. The file writers of package writesyncers are RecordWriters.
type RecordWriter interface {
	zapcore.WriteSyncer

	// WriteRecords writes the records that lie end to end in b: record i ends just before ends[i], and the last end is
	// len(b). It returns how many records, from the first, were written whole. If n < len(ends) it returns an error, and
	// nothing from record n on counts as written. A record that can never be written is named in a *RejectedError, and
	// counts among the n. It must keep neither slice.
	WriteRecords(b []byte, ends []int) (n int, err error)
}
