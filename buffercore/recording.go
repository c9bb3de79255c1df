package buffercore

import (
	"sync"
	"time"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/arena"
)

// Recording is a Core for one request: a flight recorder. It keeps what is below FlushLevel; a record that FlushLevel
// takes brings what is kept along, in order, into the buffer, which is flushed then. End must be called, once is enough.
//
// All its methods are safe for concurrent use. With returns a Recording that shares what is kept.
type Recording struct {
	shared  *recording
	context base.Context
}

var _ zapcore.Core = (*Recording)(nil)

// recording is what a Recording shares with its With children.
type recording struct {
	buffer *buffer

	mu      sync.Mutex   // guards the fields below; taken before buffer.mu
	memory  *arena.Arena // nil when ended
	dropped uint64       // records that found no room, until they are counted by the buffer
}

// memories is how many ended Recordings leave their memory to the next.
const memories = 64

// Begin starts a Recording. After Close it returns one that has ended.
func (c *Core) Begin() *Recording {
	b := c.buffer
	r := &recording{buffer: b}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		if n := len(b.memories); n > 0 {
			r.memory, b.memories = b.memories[n-1], b.memories[:n-1]
		} else {
			r.memory = arena.New(b.cfg.RecordingBytes, 1)
		}
		b.recordings[r] = struct{}{}
	}
	return &Recording{shared: r, context: c.context}
}

// Enabled tells whether records of level l are taken: whether the buffer takes them.
func (r *Recording) Enabled(l zapcore.Level) bool {
	return r.shared.buffer.when.asks(r.shared.buffer.cfg.Level, l, true)
}

// Level returns the lowest level that is taken, for zapcore.LevelOf.
func (r *Recording) Level() zapcore.Level { return r.shared.buffer.when.level() }

// With returns a Recording whose records begin with fields. They are recorded now.
func (r *Recording) With(fields []zapcore.Field) zapcore.Core {
	return &Recording{shared: r.shared, context: r.context.With(fields)}
}

// Check adds r to ce if the entry's level is taken.
func (r *Recording) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if r.Enabled(ent.Level) {
		return ce.AddCore(ent, r)
	}
	return ce
}

// Write keeps the record, or writes what is kept and then the record, into the buffer. After End there is nothing to keep
// it for: what is below FlushLevel is skipped then.
func (r *Recording) Write(ent zapcore.Entry, fields []zapcore.Field) error {
	b := r.shared.buffer
	serious := ent.Level > zapcore.ErrorLevel || b.when.serious(ent.Level)
	var said base.Texts
	if !serious && r.shared.capture(&ent, &r.context, fields, &said) {
		return nil
	}
	rec := base.GetRecord()
	err := rec.CaptureSaid(ent, r.context, fields, &said)
	switch {
	case err != nil:
		b.refuse(ent.Level)
	case serious && ent.Level > zapcore.ErrorLevel:
		w := urgentWrite{b, time.Now()}
		r.shared.release(&w)
		err = w.run(&ent, rec.Bytes())
	case serious:
		r.shared.release(nil)
		err = b.write(&ent, rec.Bytes())
	default:
		err = r.shared.keep(ent.Level, rec.Bytes())
	}
	rec.Free()
	return err
}

// Sync syncs the buffer. What is kept stays.
func (r *Recording) Sync() error {
	return r.shared.buffer.syncNow(r.shared.buffer.cfg.DrainTimeout)
}

// End ends the Recording. With keep, what is kept is written into the buffer; without, it is discarded, and counts as
// skipped. The second and later calls do nothing.
func (r *Recording) End(keep bool) {
	r.shared.end(keep)
	r.shared.buffer.forget(r.shared)
}

func (r *recording) pendingLocked() uint64 {
	if r.memory == nil {
		return 0
	}
	return r.memory.Stats().Pending
}

// capture keeps a record of plain data, errors and Stringers, made where it is to lie, if there is room for it.
func (r *recording) capture(ent *zapcore.Entry, context *base.Context, fields []zapcore.Field, said *base.Texts) bool {
	if !said.Ask(fields) {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.memory != nil && r.memory.Limit() <= r.buffer.cfg.MaxBytes && r.memory.Capture(ent, context, fields, said)
}

// keep keeps a record, at the cost of the oldest.
func (r *recording) keep(level zapcore.Level, tape []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.memory == nil {
		return r.buffer.skip()
	}
	if arena.Size(len(tape)) > min(r.memory.Limit(), r.buffer.cfg.MaxBytes) {
		r.buffer.refuse(level)
		return ErrTooLarge
	}
	for !r.memory.Fits(len(tape)) && evict(r.memory, arena.Urgent) {
		r.dropped++
	}
	r.memory.Put(level, tape)
	return nil
}

// release writes what was kept when it began into the buffer, ahead of an entry above Error if there is one. It flushes the buffer first
// if all of it would not fit, and where the next record does not: what one Recording keeps may be more than the buffer holds, and others
// write.
func (r *recording) release(before *urgentWrite) {
	begin := time.Now()
	upto, _ := r.makeRoom(before, begin)
	for sure := false; r.hand(upto, sure); {
		_, again := r.makeRoom(before, begin)
		sure = !again
	}
}

// hand puts what is kept, up to the record of a sequence number, into the buffer. It stops and returns true where there is no room and a
// flush may make some; not at the first record, if that is to be put for sure.
func (r *recording) hand(upto uint64, sure bool) (more bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.memory == nil {
		return false
	}
	reader := r.memory.Reader(0)
	for n := 0; ; n++ {
		if n == reader.Len() {
			if _, _, ok := reader.Next(); !ok {
				reader.Resolve(n)
				if n = 0; reader.Done(upto) || !reader.Claim(1) {
					return false
				}
				reader.Next()
			}
		}
		if !r.buffer.takeOver(reader.Level(n), reader.Tape(n), sure) {
			reader.Resolve(n)
			return true
		}
		sure = false
	}
}

// makeRoom flushes the buffer if what is kept would not fit, or if that is more than the buffer holds: now, because the target must not be
// called under the lock. It returns the sequence number behind what is kept, and whether there is time for another attempt.
func (r *recording) makeRoom(before *urgentWrite, begin time.Time) (upto uint64, again bool) {
	r.mu.Lock()
	used := 0
	if r.memory != nil {
		r.memory.Settle()
		used, upto = r.memory.Used(), r.memory.Next()
	}
	r.mu.Unlock()
	b := r.buffer
	used = min(used, b.cfg.MaxBytes&^7-arena.Size(0)) // the longest tape that a buffer can hold: sizes are multiples of 8
	b.mu.Lock()
	defer b.mu.Unlock()
	wanted := wantsRoomLocked(b, used)
	if before == nil {
		return upto, wanted && b.tryMakeRoomLocked(used, begin) || !wanted && mayWait(b, begin)
	}
	return upto, (!wanted || before.flushLocked() == acquired) && before.left() != 0
}

// end ends the recording and gives its memory back.
func (r *recording) end(keep bool) {
	if keep {
		r.release(nil)
	}
	r.mu.Lock()
	memory := r.memory
	r.memory = nil
	if memory == nil {
		r.mu.Unlock()
		return
	}
	skipped := discard(memory.Reader(0))
	dropped := r.dropped
	r.dropped = 0
	r.mu.Unlock()

	memory.Trim(false)
	b := r.buffer
	b.mu.Lock()
	defer b.mu.Unlock()
	b.finished.Accepted += skipped + dropped
	b.finished.Skipped += skipped
	b.finished.Dropped += dropped
	if len(b.memories) < memories {
		b.memories = append(b.memories, memory)
	}
}

// discard resolves everything that a reader holds, or could, as skipped.
func discard(r *arena.Reader) (records uint64) {
	for {
		for _, _, ok := r.Next(); ok; _, _, ok = r.Next() {
		}
		for i := range r.Len() {
			r.SetOutcome(i, base.Skipped)
		}
		records += uint64(r.Len())
		r.Resolve(r.Len())
		if !r.Claim(1 << 30) {
			return records
		}
	}
}
