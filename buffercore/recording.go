package buffercore

import (
	"sync"
	"time"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/arena"
)

// Recording is a Core for one request: a flight recorder. It keeps records that FlushLevel does not take. A record that FlushLevel
// takes goes to the buffer, after all records kept so far, in order, and the buffer is flushed. End must be called.
//
// All its methods are safe for concurrent use. With returns a Recording that shares the kept records.
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
	dropped uint64       // evicted records that the buffer has not counted yet
}

// memories is how many arenas of ended Recordings are kept for new ones.
const memories = 64

// Begin starts a Recording, with the fields of c. After Close it returns one that has ended.
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

// Enabled reports whether the buffer takes records of level l.
func (r *Recording) Enabled(l zapcore.Level) bool {
	return r.shared.buffer.conditions.enabled(r.shared.buffer.cfg.Level, l, true)
}

// Level returns the lowest level that is taken; zapcore.LevelOf calls it.
func (r *Recording) Level() zapcore.Level { return r.shared.buffer.conditions.level() }

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

// Write keeps the record if FlushLevel does not take it; else it writes the kept records, and then this one, to the buffer. After End it
// skips a record that FlushLevel does not take.
func (r *Recording) Write(ent zapcore.Entry, fields []zapcore.Field) error {
	b := r.shared.buffer
	flushes := ent.Level > zapcore.ErrorLevel || b.conditions.triggersFlush(ent.Level)
	var texts base.Texts
	if !flushes && r.shared.capture(&ent, &r.context, fields, &texts) {
		return nil
	}
	rec := base.GetRecord()
	err := rec.CaptureSaid(ent, r.context, fields, &texts)
	switch {
	case err != nil:
		b.refuse(ent.Level)
	case ent.Level > zapcore.ErrorLevel:
		w := urgentWrite{b, time.Now()}
		r.shared.release(&w)
		err = w.run(&ent, rec.Bytes())
	case flushes:
		r.shared.release(nil)
		err = b.write(&ent, rec.Bytes())
	default:
		err = r.shared.keep(ent.Level, rec.Bytes())
	}
	rec.Free()
	return err
}

// Sync syncs the buffer. The kept records stay in the Recording.
func (r *Recording) Sync() error {
	return r.shared.buffer.syncNow(r.shared.buffer.cfg.DrainTimeout)
}

// End ends the Recording. With keep it writes the kept records to the buffer; without keep it discards them, and they count as
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

// capture keeps a record of plain data, errors and Stringers, recorded directly in the arena, if there is room for it.
func (r *recording) capture(ent *zapcore.Entry, context *base.Context, fields []zapcore.Field, texts *base.Texts) bool {
	if !texts.Ask(fields) {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.memory != nil && r.memory.Limit() <= r.buffer.cfg.MaxBytes && r.memory.Capture(ent, context, fields, texts)
}

// keep keeps a record, for which it evicts the oldest ones if needed.
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

// release writes the records that are kept when it is called to the buffer. before is the urgent entry that they precede, or nil. It
// flushes the buffer first if they do not all fit, and again when the next one does not: a Recording may keep more than the buffer can
// hold, and others write meanwhile.
func (r *recording) release(before *urgentWrite) {
	begin := time.Now()
	upto, _ := r.makeRoom(before, begin)
	for sure := false; r.moveToBuffer(upto, sure); {
		_, again := r.makeRoom(before, begin)
		sure = !again
	}
}

// moveToBuffer moves the kept records before sequence number upto to the buffer. It stops and returns true at a record for which there is
// no room, if a flush may make some. With sure it does not stop at the first record.
func (r *recording) moveToBuffer(upto uint64, sure bool) (more bool) {
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
		if !r.buffer.putFromRecording(reader.Level(n), reader.Tape(n), sure) {
			reader.Resolve(n)
			return true
		}
		sure = false
	}
}

// makeRoom flushes the buffer if the kept records do not fit, before they are moved, because the target must not be
// called under the lock. It returns the sequence number after the last kept record, and whether there is time for another attempt.
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
		return upto, wanted && b.tryMakeRoomLocked(used, begin) || !wanted && hasTime(b, begin)
	}
	return upto, (!wanted || before.flushLocked() == acquired) && before.timeLeft() != 0
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
	b.ended.Accepted += skipped + dropped
	b.ended.Skipped += skipped
	b.ended.Dropped += dropped
	if len(b.memories) < memories {
		b.memories = append(b.memories, memory)
	}
}

// discard resolves all records of a reader, claimed or not, as skipped.
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
