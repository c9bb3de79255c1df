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
	return r.memory != nil && r.memory.Capture(ent, context, fields, said)
}

// keep keeps a record, at the cost of the oldest.
func (r *recording) keep(level zapcore.Level, tape []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.memory == nil {
		return r.buffer.skip()
	}
	if arena.Size(len(tape)) > r.memory.Limit() {
		r.buffer.refuse(level)
		return ErrTooLarge
	}
	for !r.memory.Fits(len(tape)) && evict(r.memory, arena.Urgent) {
		r.dropped++
	}
	r.memory.Put(level, tape)
	return nil
}

// release writes what is kept into the buffer, ahead of an entry above Error if there is one.
func (r *recording) release(before *urgentWrite) {
	r.makeRoom(before)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.memory == nil {
		return
	}
	reader := r.memory.Reader(0)
	for reader.Claim(1 << 30) {
		for tape, level, ok := reader.Next(); ok; tape, level, ok = reader.Next() {
			r.buffer.takeOver(level, tape)
		}
		reader.Resolve(reader.Len())
	}
}

// makeRoom flushes the buffer if what is kept would not fit: now, because the target must not be called under the lock.
func (r *recording) makeRoom(before *urgentWrite) {
	r.mu.Lock()
	used := 0
	if r.memory != nil {
		used = r.memory.Used()
	}
	r.mu.Unlock()
	b := r.buffer
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case before == nil:
		b.makeRoomLocked(used)
	case wantsRoomLocked(b, used):
		before.flushLocked()
	}
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
