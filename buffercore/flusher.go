package buffercore

import (
	"fmt"
	"math"
	"slices"

	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/arena"
)

// flusher hands the content of a buffer to its target. It is used by the holder of the buffer's flushLock.
type flusher struct {
	buffer *buffer
	reader *arena.Reader // its Claim and Resolve need buffer.mu

	batch    base.Batch // what the target has not taken yet
	one      base.Batch // a record of it
	members  []int      // of each record of batch, which of the records that reader holds it is
	turn     uint64     // of the target that was asked which of them it wants
	outcomes []base.Outcome
	tapes    [][]byte
}

// claimBytes is how much a flush takes in hand at once. That much cannot be evicted while it waits for another attempt.
func (f *flusher) claimBytes() int { return min(64<<10, f.buffer.cfg.MaxBytes/4) }

// run hands over batches until nothing is left, or nothing of what came before the record of a sequence number, or the target takes no
// more.
func (f *flusher) run(upto uint64) error {
	b := f.buffer
	b.lock.enter()
	var last zapcore.Core
	turn, delivered, failed := uint64(0), 0, false
	for {
		target, more := f.fill()
		if !more {
			break
		}
		last, turn = target, f.turn
		rejection, err := f.offer(target)
		arrived, lost := base.Tally(f.outcomes)
		delivered += arrived
		f.settle()
		if f.batch.Len() > 0 && inTurn(b, turn) {
			if rejection != nil {
				b.report.Failed(rejection, lost)
			}
			b.noteFailure()
			return err
		}
		if err = multierr.Append(rejection, err); err != nil {
			b.report.Failed(err, lost)
		}
		failed = failed || lost > 0 || err != nil
		if f.done(upto) {
			break
		}
	}
	if last == nil {
		return nil
	}
	b.noteSuccess(!failed && delivered > 0)
	if t, ok := last.(base.Flusher); ok && inTurn(b, turn) {
		return base.Guard(t.Flush)
	}
	return nil
}

// offer offers the batch to the target. If that ends the goroutine, so that nothing is returned, it costs the record at which it did; or
// the whole batch, of which nobody knows, if the target is a BatchWriter.
func (f *flusher) offer(target zapcore.Core) (rejection, err error) {
	f.keepAll()
	returned := false
	defer func() {
		if returned {
			return
		}
		_, together := target.(base.BatchWriter)
		lost := 0
		for i, o := range f.outcomes {
			if o == base.Kept {
				f.outcomes[i] = base.Panicked
				lost++
				if !together {
					break
				}
			}
		}
		f.settle()
		f.buffer.report.Failed(errExited, lost)
	}()
	if _, together := target.(base.BatchWriter); together {
		rejection, err = base.Offer(target, &f.batch, f.buffer.cfg.IgnoreLevel, f.outcomes)
	} else {
		f.offerEach(target)
	}
	returned = true
	return rejection, err
}

// offerEach offers the records to a Core that is no BatchWriter, as long as it is the target: one that returns when Close or SetTarget has
// given up on it gets no more, for the others are lost by then, or for another target, and it may be closed.
func (f *flusher) offerEach(target zapcore.Core) {
	for i := range f.batch.Len() {
		if !inTurn(f.buffer, f.turn) {
			return
		}
		f.one.Slice(&f.batch, i, i+1)
		if _, err := base.Offer(target, &f.one, f.buffer.cfg.IgnoreLevel, f.outcomes[i:i+1]); err != nil {
			f.buffer.report.Failed(err, 1)
		}
	}
}

// fill makes the next batch, unless there is still one, and returns whom it is for.
func (f *flusher) fill() (target zapcore.Core, more bool) {
	b := f.buffer
	for {
		b.mu.Lock()
		target = b.target
		turn := b.turn
		if target != nil && f.batch.Len() == 0 {
			f.turn = turn
			more = f.reader.Claim(f.claimBytes())
		}
		b.mu.Unlock()
		switch {
		case target == nil:
			return nil, false
		case f.batch.Len() > 0 && f.turn != turn:
			f.sift(target)
			f.turn = turn
			continue
		case f.batch.Len() > 0:
			return target, true
		case !more:
			return nil, false
		}
		f.walk(target)
		if f.batch.Len() > 0 {
			return target, true
		}
		f.resolve(f.reader.Len())
	}
}

// fillUp makes one batch of everything, whatever its size: a Handler makes an exception of a batch that holds the last
// words of a program, not of what comes before them. Some rounds, because each list may have been claimed in part.
func (f *flusher) fillUp() {
	for range arena.Lists + 1 {
		f.buffer.mu.Lock()
		target := f.buffer.target
		if f.batch.Len() == 0 {
			f.turn = f.buffer.turn
		}
		more := target != nil && f.reader.Claim(math.MaxInt)
		f.buffer.mu.Unlock()
		if more {
			f.walk(target)
		}
	}
	if f.batch.Len() == 0 {
		f.resolve(f.reader.Len())
	}
}

// walk makes a batch of what is claimed, as far as the target wants it.
func (f *flusher) walk(target zapcore.Core) {
	for {
		tape, level, ok := f.reader.Next()
		if !ok {
			return
		}
		member := f.reader.Len() - 1
		if f.wants(target, level, func(o base.Outcome) { f.reader.SetOutcome(member, o) }) {
			f.batch.Add(tape)
			f.members = append(f.members, member)
		}
	}
}

// sift takes out of the batch, which another target has left, what this one does not want.
func (f *flusher) sift(target zapcore.Core) {
	f.keepAll()
	defer f.settle()
	for i := range f.batch.Len() {
		f.wants(target, f.batch.Level(i), func(o base.Outcome) { f.outcomes[i] = o })
	}
}

// keepAll makes the batch one of which nothing has been taken.
func (f *flusher) keepAll() {
	f.outcomes = slices.Grow(f.outcomes[:0], f.batch.Len())[:f.batch.Len()]
	for i := range f.outcomes {
		f.outcomes[i] = base.Kept
	}
}

// wants asks a target, which may panic or end the goroutine, whether it wants a record. If it does not, refused is told what becomes of that.
func (f *flusher) wants(target zapcore.Core, level zapcore.Level, refused func(base.Outcome)) (enabled bool) {
	if f.buffer.cfg.IgnoreLevel {
		return true
	}
	outcome, err := base.Panicked, errExited
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("buffercore: Enabled: %w", &base.PanicError{Value: p})
		}
		if !enabled {
			refused(outcome)
		}
		if err != nil {
			f.buffer.report.Failed(err, 1)
		}
	}()
	enabled = target.Enabled(level)
	outcome, err = base.Skipped, nil
	return enabled
}

// settle resolves what the target is done with, and makes the batch what it is not.
func (f *flusher) settle() {
	done := f.reader.Len()
	kept := f.members[:0]
	f.tapes = f.tapes[:0]
	for i, m := range f.members {
		switch o := f.outcomes[i]; o {
		case base.Delivered:
			if len(kept) > 0 {
				f.wentAhead(m)
			}
		case base.Kept:
			if len(kept) == 0 {
				done = m
			}
			f.tapes = append(f.tapes, f.batch.Tape(i))
			kept = append(kept, m)
		default:
			f.reader.SetOutcome(m, o)
		}
	}
	f.batch.Reset()
	for i, tape := range f.tapes {
		f.batch.Add(tape)
		kept[i] -= done
	}
	f.members = kept
	clear(f.tapes)
	f.resolve(done)
}

// wentAhead notes that the record that reader holds as number i has been delivered, though one before it was not taken yet.
func (f *flusher) wentAhead(i int) {
	f.buffer.mu.Lock()
	f.reader.Ahead(f.reader.Sequence(i))
	f.buffer.mu.Unlock()
}

// next returns the sequence number that the next record will have.
func (f *flusher) next() uint64 {
	f.buffer.mu.Lock()
	defer f.buffer.mu.Unlock()
	return f.buffer.arena.Next()
}

// done tells whether everything before the record of that sequence number is resolved.
func (f *flusher) done(upto uint64) bool {
	f.buffer.mu.Lock()
	defer f.buffer.mu.Unlock()
	return f.reader.Done(upto)
}

func (f *flusher) resolve(n int) {
	f.buffer.mu.Lock()
	f.reader.Resolve(n)
	f.buffer.mu.Unlock()
}

// discard throws everything away.
func (f *flusher) discard() {
	for _, m := range f.members {
		f.reader.SetOutcome(m, base.Skipped)
	}
	f.batch.Reset()
	f.members = f.members[:0]
	f.buffer.mu.Lock()
	defer f.buffer.mu.Unlock()
	f.reader.Resolve(f.reader.Len())
	discard(f.reader)
}
