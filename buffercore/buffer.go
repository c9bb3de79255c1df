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
	cfg     Config
	calm    zapcore.Level // no record below it makes the buffer flush
	report  *base.Reporter
	when    conditions
	stop    chan struct{} // closed by Close
	stopped chan struct{} // closed when no flushPeriodically runs

	mu         sync.Mutex // guards the fields below
	arena      *arena.Arena
	room       int // at most as many records fit as Capacity leaves; a flush leaves more
	target     zapcore.Core
	turn       uint64 // of the target: each has another
	closed     bool
	refused    uint64
	finished   Stats                   // of what Recordings have ended with
	recordings map[*recording]struct{} // not ended
	memories   []*arena.Arena          // of those that have, for the next

	urgent   int // records above Error whose Writes wait
	attempts attempts

	lock    flushLock // of the flusher
	flusher flusher
}

func newBuffer(cfg Config) *buffer {
	b := &buffer{
		cfg:        cfg,
		calm:       everything,
		report:     base.NewReporter("buffercore", cfg.OnError),
		stop:       make(chan struct{}),
		stopped:    make(chan struct{}),
		arena:      arena.New(cfg.MaxBytes, 1),
		target:     cfg.Target,
		recordings: make(map[*recording]struct{}),
	}
	if l, ok := cfg.FlushLevel.(zapcore.Level); ok && cfg.ShouldFlush == nil {
		b.calm = min(l, zapcore.ErrorLevel+1) // after which the program ends
	}
	b.when.cfg, b.when.report = &b.cfg, b.report
	b.flusher = flusher{buffer: b, reader: b.arena.Reader(0)}
	return b
}

// refuse counts a record that cannot be kept. What came before one above Error is delivered all the same.
func (b *buffer) refuse(level zapcore.Level) {
	b.mu.Lock()
	b.refused++
	b.mu.Unlock()
	if level > zapcore.ErrorLevel {
		urgentWrite{b, time.Now()}.end()
	}
}

// capture records plain data, and what errors and Stringers say, where it is to lie, which spares it a copy. It returns false, and has done
// nothing but ask them, for any other record, and for one that is more than kept: then it takes the long way by write.
func (b *buffer) capture(ent *zapcore.Entry, context *base.Context, fields []zapcore.Field, said *base.Texts) bool {
	if ent.Level >= b.calm && (b.cfg.ShouldFlush != nil || ent.Level > zapcore.ErrorLevel || b.when.serious(ent.Level)) {
		return false
	}
	if !said.Ask(fields) {
		return false
	}
	b.mu.Lock()
	ok := b.room > 1 && !b.closed && b.arena.Capture(ent, context, fields, said)
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
	serious := b.when.serious(ent.Level)
	records, err := put(b, ent.Level, tape)
	if err != nil {
		return err
	}
	full := records >= b.cfg.Capacity
	if serious || full || b.when.shouldFlush(ent, records) {
		b.flush()
	}
	if full {
		b.shrink()
	}
	return nil
}

// put makes room for a record and adds it. It returns how many there are then.
func put(b *buffer, level zapcore.Level, tape []byte) (records int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.makeRoomLocked(len(tape))
	_, err = b.putLocked(level, tape)
	return b.pendingLocked(), err
}

func (b *buffer) pendingLocked() int { return int(b.arena.Pending()) }

// makeRoomLocked flushes until a tape of n bytes fits, or waits for the flushes of others, but not longer than DrainTimeout, and for one
// that is stuck not longer than that from its beginning. It lets go of the lock meanwhile, so that others may take the room again: a target
// that works loses nothing by that.
func (b *buffer) makeRoomLocked(n int) {
	if !wantsRoomLocked(b, n) {
		return
	}
	for begin := time.Now(); b.tryMakeRoomLocked(n, begin) && wantsRoomLocked(b, n); {
	}
}

// tryMakeRoomLocked does one step of it, and tells whether there is time for another.
func (b *buffer) tryMakeRoomLocked(n int, begin time.Time) (again bool) {
	timeout := b.lock.patience(b.cfg.DrainTimeout)
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
	if fits { // by the flush that was waited for
		release(b)
	} else {
		b.flushHeld()
	}
	return mayWait(b, begin)
}

// mayWait tells whether a Write that began to wait for room then may go on.
func mayWait(b *buffer, begin time.Time) bool {
	return b.cfg.DrainTimeout < 0 || time.Since(begin) < b.cfg.DrainTimeout
}

// wantsRoomLocked tells whether a flush may make the room that a tape of n bytes needs.
func wantsRoomLocked(b *buffer, n int) bool {
	if b.arena.Fits(n) || arena.Size(n) > b.cfg.MaxBytes || b.closed {
		return false
	}
	b.arena.Settle()
	return !b.arena.Fits(n) && (b.lock.isHeld() || b.mayFlushLocked())
}

// putLocked adds a record, at the cost of the oldest if need be, or counts it as dropped.
func (b *buffer) putLocked(level zapcore.Level, tape []byte) (put bool, err error) {
	put, err = b.tryPutLocked(level, tape)
	if err == nil && !put { // what is left is in the hands of a flush
		b.arena.Count(0, 1)
	}
	return put, err
}

// tryPutLocked adds a record, at the cost of the oldest if need be.
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

// shrink gives up the oldest of more than Capacity records, unless a flush is about to take them.
func (b *buffer) shrink() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.target != nil && !b.attempts.failing {
		return
	}
	for b.pendingLocked() > b.cfg.Capacity && b.evictLocked() {
	}
}

// evictLocked gives up the oldest record; no record above Error as long as a Write of one waits.
func (b *buffer) evictLocked() bool {
	if b.urgent > 0 {
		return evict(b.arena, arena.High)
	}
	return evict(b.arena, arena.Urgent)
}

// evict gives up the oldest record of the lowest lane that has one, up to a lane.
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
	s.Accepted += b.finished.Accepted
	s.Dropped += b.finished.Dropped
	s.Skipped += b.finished.Skipped
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

// skip counts a record that nobody keeps.
func (b *buffer) skip() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		b.refused++
		return ErrClosed
	}
	b.finished.Accepted++
	b.finished.Skipped++
	return nil
}

// takeOver puts a record that a Recording has kept into the buffer. It returns false, and has done nothing, if a flush may make the room
// that there is not, unless the record is to be put for sure: then at the cost of the oldest.
func (b *buffer) takeOver(level zapcore.Level, tape []byte, sure bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !sure && wantsRoomLocked(b, len(tape)) {
		return false
	}
	if _, err := b.putLocked(level, tape); err != nil { // it was accepted when it was kept
		b.refused--
		b.finished.Accepted++
		b.finished.Dropped++
	}
	return true
}

// forget lets go of a Recording that has ended.
func (b *buffer) forget(r *recording) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.recordings, r)
}
