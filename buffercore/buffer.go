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
	stop    chan struct{} // closed by Close
	stopped chan struct{} // closed when no flushPeriodically runs

	mu         sync.Mutex // guards the fields below
	arena      *arena.Arena
	room       int // at most as many records fit as Capacity leaves; a flush leaves more
	target     zapcore.Core
	closed     bool
	refused    uint64
	finished   Stats                   // of what Recordings have ended with
	recordings map[*recording]struct{} // not ended
	memories   []*arena.Arena          // of those that have, for the next

	flushing bool          // somebody owns the flusher
	idle     chan struct{} // nil unless somebody waits; closed when nobody flushes any more
	owner    uint64        // whose goroutine that is
	retry    base.Backoff  // when the buffer may next flush of its own accord
	failing  bool          // the last flush left something

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
		b.calm = l
	}
	b.flusher = flusher{buffer: b, reader: b.arena.Reader(0)}
	return b
}

func (b *buffer) refuse() {
	b.mu.Lock()
	b.refused++
	b.mu.Unlock()
}

// capture records plain data where it is to lie, which spares it a copy. It returns false, and has done nothing, for any other
// record, and for one that is more than kept: then it takes the long way by write.
func (b *buffer) capture(ent *zapcore.Entry, context *base.Context, fields []zapcore.Field) bool {
	if ent.Level >= b.calm && (b.cfg.ShouldFlush != nil || b.cfg.FlushLevel.Enabled(ent.Level)) {
		return false
	}
	b.mu.Lock()
	ok := b.room > 1 && !b.closed && b.arena.Capture(ent, context, fields)
	if ok {
		b.room--
	}
	b.mu.Unlock()
	return ok
}

// write is Core.Write, from the tape on.
func (b *buffer) write(ent *zapcore.Entry, tape []byte) error {
	serious := b.cfg.FlushLevel.Enabled(ent.Level)
	b.mu.Lock()
	b.makeRoomLocked(len(tape))
	err := b.putLocked(ent.Level, tape)
	records := b.pendingLocked()
	b.mu.Unlock()
	if err != nil {
		return err
	}
	full := records >= b.cfg.Capacity
	if serious || full || b.cfg.ShouldFlush != nil && b.cfg.ShouldFlush(*ent, records) {
		b.flushFor(ent.Level)
	}
	if full {
		b.shrink()
	}
	return nil
}

func (b *buffer) pendingLocked() int { return int(b.arena.Pending()) }

// makeRoomLocked flushes if a tape of n bytes does not fit, or waits for the flush under way. It lets go of the lock
// meanwhile.
func (b *buffer) makeRoomLocked(n int) {
	if b.arena.Fits(n) || b.closed || !b.flushing && !b.mayFlushLocked() {
		return
	}
	b.mu.Unlock()
	b.flush(true)
	b.mu.Lock()
}

// putLocked adds a record, at the cost of the oldest if need be.
func (b *buffer) putLocked(level zapcore.Level, tape []byte) error {
	if b.closed {
		b.refused++
		return ErrClosed
	}
	if arena.Size(len(tape)) > b.cfg.MaxBytes {
		b.refused++
		return ErrTooLarge
	}
	if !b.arena.Fits(len(tape)) {
		b.arena.Settle()
	}
	for !b.arena.Fits(len(tape)) && evict(b.arena) {
	}
	if !b.arena.Fits(len(tape)) { // what is left is in the hands of a flush
		b.arena.Count(0, 1)
		return nil
	}
	b.arena.Put(arena.LaneOf(level), level, tape)
	b.room = b.cfg.Capacity - b.pendingLocked()
	return nil
}

// shrink gives up the oldest of more than Capacity records, unless a flush is about to take them.
func (b *buffer) shrink() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.target != nil && !b.failing {
		return
	}
	for b.pendingLocked() > b.cfg.Capacity && evict(b.arena) {
	}
}

// evict gives up the oldest record of those below Error, or else the oldest.
func evict(a *arena.Arena) bool {
	if _, _, ok := a.Evict(arena.Low); ok {
		return true
	}
	_, _, ok := a.Evict(arena.High)
	return ok
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

// flushPeriodically flushes until Close.
func (b *buffer) flushPeriodically() {
	defer close(b.stopped)
	tick := time.NewTicker(b.cfg.FlushInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			b.flushFor(zapcore.DebugLevel)
		case <-b.stop:
			return
		}
	}
}
