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

// flusher hands the content of a buffer to its target. Only the holder of the buffer's flushLock may use it.
type flusher struct {
	buffer *buffer
	reader *arena.Reader // its Claim and Resolve need buffer.mu

	batch      base.Batch     // claimed records that the target wants and has not taken yet
	one        base.Batch     // owned by offerEach
	members    []int          // for each record of batch, its index among the records that reader holds
	generation uint64         // of the target for which batch was made
	outcomes   []base.Outcome // of the records of batch
	tapes      [][]byte       // owned by settle
}

// claimBytes is how many bytes a flush claims at once. Claimed records cannot be evicted, also while they wait for another attempt.
func (f *flusher) claimBytes() int { return min(64<<10, f.buffer.cfg.MaxBytes/4) }

// run hands over batches until all records before sequence number upto are resolved, or nothing is left, or the target takes no more.
func (f *flusher) run(upto uint64) error {
	b := f.buffer
	b.lock.setOwner()
	var last zapcore.Core
	turn, delivered, failed := uint64(0), 0, false
	for {
		target, more := f.fill()
		if !more {
			break
		}
		last, turn = target, f.generation
		rejection, err := f.offer(target)
		arrived, lost := base.Tally(f.outcomes)
		delivered += arrived
		f.settle()
		if f.batch.Len() > 0 && isCurrent(b, turn) {
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
	if t, ok := last.(base.Flusher); ok && isCurrent(b, turn) {
		return base.Guard(t.Flush)
	}
	return nil
}

// offer offers the batch to the target. If the target ends the goroutine, the record at which it did so is dropped; if it is a
// BatchWriter, the whole batch is dropped, because nobody knows what became of it.
func (f *flusher) offer(target zapcore.Core) (rejection, err error) {
	f.resetOutcomes()
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

// offerEach offers the records to a Core that is no BatchWriter. It stops when the Core is no longer the target: if Close or SetTarget
// has given up waiting for it, the other records are lost or for another target, and the Core may be closed.
func (f *flusher) offerEach(target zapcore.Core) {
	for i := range f.batch.Len() {
		if !isCurrent(f.buffer, f.generation) {
			return
		}
		f.one.Slice(&f.batch, i, i+1)
		if _, err := base.Offer(target, &f.one, f.buffer.cfg.IgnoreLevel, f.outcomes[i:i+1]); err != nil {
			f.buffer.report.Failed(err, 1)
		}
	}
}

// fill makes the next batch, unless one is left, and returns the target that it is for. more is false if there is nothing to offer.
func (f *flusher) fill() (target zapcore.Core, more bool) {
	b := f.buffer
	for {
		b.mu.Lock()
		target = b.target
		turn := b.generation
		if target != nil && f.batch.Len() == 0 {
			f.generation = turn
			more = f.reader.Claim(f.claimBytes())
		}
		b.mu.Unlock()
		switch {
		case target == nil:
			return nil, false
		case f.batch.Len() > 0 && f.generation != turn:
			f.dropUnwanted(target)
			f.generation = turn
			continue
		case f.batch.Len() > 0:
			return target, true
		case !more:
			return nil, false
		}
		f.addClaimed(target)
		if f.batch.Len() > 0 {
			return target, true
		}
		f.resolve(f.reader.Len())
	}
}

// fillUp makes one batch of everything, whatever its size, so that an urgent record is in it: a Handler tries a batch in spite of a
// backoff only if it holds one. It takes some rounds, because lists may have been claimed in part.
func (f *flusher) fillUp() {
	for range arena.Lists + 1 {
		f.buffer.mu.Lock()
		target := f.buffer.target
		if f.batch.Len() == 0 {
			f.generation = f.buffer.generation
		}
		more := target != nil && f.reader.Claim(math.MaxInt)
		f.buffer.mu.Unlock()
		if more {
			f.addClaimed(target)
		}
	}
	if f.batch.Len() == 0 {
		f.resolve(f.reader.Len())
	}
}

// addClaimed adds the claimed records that the target wants to the batch.
func (f *flusher) addClaimed(target zapcore.Core) {
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

// dropUnwanted removes from the batch, which was made for the target before, the records that this target does not want.
func (f *flusher) dropUnwanted(target zapcore.Core) {
	f.resetOutcomes()
	defer f.settle()
	for i := range f.batch.Len() {
		f.wants(target, f.batch.Level(i), func(o base.Outcome) { f.outcomes[i] = o })
	}
}

// resetOutcomes marks all records of the batch as kept.
func (f *flusher) resetOutcomes() {
	f.outcomes = slices.Grow(f.outcomes[:0], f.batch.Len())[:f.batch.Len()]
	for i := range f.outcomes {
		f.outcomes[i] = base.Kept
	}
}

// wants asks the target, which may panic or end the goroutine, whether it wants records of level. If not, it calls refused with the
// outcome of the record.
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

// settle resolves the records that the target is done with, and leaves the others in the batch.
func (f *flusher) settle() {
	done := f.reader.Len()
	kept := f.members[:0]
	f.tapes = f.tapes[:0]
	for i, m := range f.members {
		switch o := f.outcomes[i]; o {
		case base.Delivered:
			if len(kept) > 0 {
				f.noteAhead(m)
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

// noteAhead tells the arena that the held record i was delivered although one before it was not taken yet.
func (f *flusher) noteAhead(i int) {
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

// done reports whether every record before sequence number upto is resolved.
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

// discard resolves everything as skipped.
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
