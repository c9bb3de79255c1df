package buffercore

import (
	"sync"
	"time"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/arena"
)

// buffer is what a Core, its With children and its Recordings share.
type buffer struct {
	cfg        Config
	quietBelow zapcore.Level // a record below this level is no reason to flush
	report     *base.Reporter
	conditions conditions
	stop       chan struct{} // closed by Close
	stopped    chan struct{} // closed when no flushPeriodically runs

	mu         sync.Mutex // guards the fields below
	arena      *arena.Arena
	room       int // at least so many records are left until Capacity; worked out by tryPutLocked
	target     zapcore.Core
	generation uint64 // of target: SetTarget and Close raise it
	closed     bool
	refused    uint64
	ended      Stats                   // records that never were in arena: of ended Recordings, or skipped
	recordings map[*recording]struct{} // not ended
	memories   []*arena.Arena          // of ended Recordings, to be used again

	urgent   int // records above Error whose Writes wait
	attempts attempts

	lock    flushLock // guards flusher
	flusher flusher
}

func newBuffer(cfg Config) *buffer {
	b := &buffer{
		cfg:        cfg,
		quietBelow: everything,
		report:     base.NewReporter("buffercore", cfg.OnError),
		stop:       make(chan struct{}),
		stopped:    make(chan struct{}),
		arena:      arena.New(cfg.MaxBytes, 1),
		target:     cfg.Target,
		recordings: make(map[*recording]struct{}),
	}
	if l, ok := cfg.FlushLevel.(zapcore.Level); ok && cfg.ShouldFlush == nil {
		b.quietBelow = min(l, zapcore.ErrorLevel+1) // above Error the program is about to end
	}
	b.conditions.cfg, b.conditions.report = &b.cfg, b.report
	b.flusher = flusher{buffer: b, reader: b.arena.Reader(0)}
	return b
}

// refuse counts a record that cannot be kept. If it is above Error, the records before it are delivered all the same.
func (b *buffer) refuse(level zapcore.Level) {
	b.mu.Lock()
	b.refused++
	b.mu.Unlock()
	if level > zapcore.ErrorLevel {
		urgentWrite{b, time.Now()}.end()
	}
}

// capture is the fast path of Write: it records plain data, and the texts of errors and Stringers, directly in the arena, which saves a
// copy. For any other record, and for one that may cause a flush, it returns false and has done nothing but call texts.Ask; then write
// must be used.
func (b *buffer) capture(ent *zapcore.Entry, context *base.Context, fields []zapcore.Field, texts *base.Texts) bool {
	if ent.Level >= b.quietBelow && (b.cfg.ShouldFlush != nil || ent.Level > zapcore.ErrorLevel || b.conditions.triggersFlush(ent.Level)) {
		return false
	}
	if !texts.Ask(fields) {
		return false
	}
	b.mu.Lock()
	ok := b.room > 1 && !b.closed && b.arena.Capture(ent, context, fields, texts)
	if ok {
		b.room--
	}
	b.mu.Unlock()
	return ok
}

// write is Core.Write, from the tape on.
func (b *buffer) write(ent *zapcore.Entry, tape []byte) error {
	if ent.Level > zapcore.ErrorLevel {
		return urgentWrite{b, time.Now()}.run(ent, tape)
	}
	flushes := b.conditions.triggersFlush(ent.Level)
	records, err := put(b, ent.Level, tape)
	if err != nil {
		return err
	}
	full := records >= b.cfg.Capacity
	if flushes || full || b.conditions.shouldFlush(ent, records) {
		b.flush()
	}
	if full {
		b.shrink()
	}
	return nil
}

// put makes room for a record and adds it. It returns how many records the buffer holds then.
func put(b *buffer, level zapcore.Level, tape []byte) (records int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.makeRoomLocked(len(tape))
	_, err = b.putLocked(level, tape)
	return b.pendingLocked(), err
}

func (b *buffer) pendingLocked() int { return int(b.arena.Pending()) }

// makeRoomLocked flushes until a tape of n bytes fits, or waits for the flushes of others. It waits no longer than DrainTimeout, and for
// a stuck flush no longer than DrainTimeout after that began. It unlocks meanwhile, so others may take the room, and it tries again.
func (b *buffer) makeRoomLocked(n int) {
	if !wantsRoomLocked(b, n) {
		return
	}
	for begin := time.Now(); b.tryMakeRoomLocked(n, begin) && wantsRoomLocked(b, n); {
	}
}

// tryMakeRoomLocked flushes once, or waits for one flush, and returns whether there is time for another attempt.
func (b *buffer) tryMakeRoomLocked(n int, begin time.Time) (again bool) {
	timeout := b.lock.timeLeft(b.cfg.DrainTimeout)
	if b.cfg.DrainTimeout >= 0 {
		timeout = min(timeout, max(0, b.cfg.DrainTimeout-time.Since(begin)))
	}
	b.mu.Unlock()
	defer b.mu.Lock()
	if b.lock.acquire(timeout) != acquired {
		return false
	}
	b.mu.Lock()
	fits := b.arena.Fits(n)
	b.mu.Unlock()
	if fits { // the flush before made the room
		release(b)
	} else {
		b.flushHeld()
	}
	return hasTime(b, begin)
}

// hasTime reports whether a Write that began to wait for room at begin may wait longer.
func hasTime(b *buffer, begin time.Time) bool {
	return b.cfg.DrainTimeout < 0 || time.Since(begin) < b.cfg.DrainTimeout
}

// wantsRoomLocked reports whether a tape of n bytes does not fit, and a flush may make room for it.
func wantsRoomLocked(b *buffer, n int) bool {
	if b.arena.Fits(n) || arena.Size(n) > b.cfg.MaxBytes || b.closed {
		return false
	}
	b.arena.Settle()
	return !b.arena.Fits(n) && (b.lock.isHeld() || b.mayFlushLocked())
}

// putLocked adds a record, for which it evicts the oldest ones if needed, or counts it as dropped.
func (b *buffer) putLocked(level zapcore.Level, tape []byte) (put bool, err error) {
	put, err = b.tryPutLocked(level, tape)
	if err == nil && !put { // all that is left is being flushed, and cannot be evicted
		b.arena.Count(0, 1)
	}
	return put, err
}

// tryPutLocked adds a record, for which it evicts the oldest ones if needed. It returns false if that did not make room.
func (b *buffer) tryPutLocked(level zapcore.Level, tape []byte) (put bool, err error) {
	if b.closed {
		b.refused++
		return false, ErrClosed
	}
	if arena.Size(len(tape)) > b.cfg.MaxBytes {
		b.refused++
		return false, ErrTooLarge
	}
	if !b.arena.Fits(len(tape)) {
		b.arena.Settle()
	}
	for !b.arena.Fits(len(tape)) && b.evictLocked() {
	}
	if !b.arena.Fits(len(tape)) {
		return false, nil
	}
	b.arena.Put(level, tape)
	b.room = b.cfg.Capacity - b.pendingLocked()
	return true, nil
}

// shrink evicts the oldest of more than Capacity records, unless the target works and will take them.
func (b *buffer) shrink() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.target != nil && !b.attempts.failing {
		return
	}
	for b.pendingLocked() > b.cfg.Capacity && b.evictLocked() {
	}
}

// evictLocked evicts the oldest record of the lowest lane, but none above Error while the Write of such a record waits.
func (b *buffer) evictLocked() bool {
	if b.urgent > 0 {
		return evict(b.arena, arena.High)
	}
	return evict(b.arena, arena.Urgent)
}

// evict evicts the oldest record of the lowest lane that has one, up to lane upTo. It returns false if there is none.
func evict(a *arena.Arena, upTo arena.Lane) bool {
	for l := arena.Low; l <= upTo; l++ {
		if _, _, ok := a.Evict(l); ok {
			return true
		}
	}
	return false
}

// stats is Core.Stats.
func (b *buffer) stats() Stats {
	b.mu.Lock()
	s := b.arena.Stats()
	s.Refused = b.refused
	s.Accepted += b.ended.Accepted
	s.Dropped += b.ended.Dropped
	s.Skipped += b.ended.Skipped
	active := make([]*recording, 0, len(b.recordings))
	for r := range b.recordings {
		active = append(active, r)
	}
	b.mu.Unlock()
	for _, r := range active {
		r.mu.Lock()
		pending := r.pendingLocked()
		s.Accepted += pending + r.dropped
		s.Pending += pending
		s.Dropped += r.dropped
		r.mu.Unlock()
	}
	return s
}

// skip counts a record that a Recording got after its End and does not keep.
func (b *buffer) skip() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		b.refused++
		return ErrClosed
	}
	b.ended.Accepted++
	b.ended.Skipped++
	return nil
}

// putFromRecording puts a record of a Recording into the buffer. If there is no room, but a flush may make some, it returns false and has
// done nothing; with sure it evicts the oldest records instead.
func (b *buffer) putFromRecording(level zapcore.Level, tape []byte, sure bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !sure && wantsRoomLocked(b, len(tape)) {
		return false
	}
	if _, err := b.putLocked(level, tape); err != nil { // the Recording has accepted it, so it is dropped, not refused
		b.refused--
		b.ended.Accepted++
		b.ended.Dropped++
	}
	return true
}

// forget removes a Recording that has ended.
func (b *buffer) forget(r *recording) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.recordings, r)
}
