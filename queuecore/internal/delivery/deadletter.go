package delivery

import (
	"fmt"
	"sync/atomic"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// DeadLetter is the Core for records that a target did not take. Several Deliveries to the target may share it.
type DeadLetter struct {
	core    zapcore.Core
	written atomic.Bool // since it was synced last
}

// NewDeadLetter returns a DeadLetter, or nil for a nil core.
func NewDeadLetter(core zapcore.Core) *DeadLetter {
	if core == nil {
		return nil
	}
	return &DeadLetter{core: core}
}

// DeadLetterOf returns the DeadLetter of d's target, nil if there is none.
func DeadLetterOf(d *Delivery) *DeadLetter { return d.target.DeadLetter }

// write offers a batch of one record, if the Core's level takes it, and returns whether the Core took it.
func (l *DeadLetter) write(one *base.Batch) (taken bool, err error) {
	err = base.Guard(func() error { taken = l.core.Enabled(one.Level(0)); return nil })
	if taken {
		defer l.written.Store(true) // afterwards, because another goroutine may sync meanwhile
		var outcome [1]base.Outcome
		_, err = base.Offer(l.core, one, false, outcome[:])
		taken = outcome[0] == base.Delivered
	}
	if err != nil {
		err = fmt.Errorf("dead letter: %w", err)
	}
	return taken, err
}

// sync syncs the Core if anything was written since the last sync. l may be nil.
func (l *DeadLetter) sync() error {
	if l == nil || !l.written.Swap(false) {
		return nil
	}
	if err := base.Guard(l.core.Sync); err != nil {
		l.written.Store(true)
		return fmt.Errorf("dead letter: %w", err)
	}
	return nil
}

// drop gives up record i of the batch: the dead-letter Core gets it, if there is one.
func (d *Delivery) drop(i int, outcome base.Outcome) {
	d.source.SetOutcome(d.members[i]-d.released, outcome, d.batch.Level(i))
	if d.target.DeadLetter == nil {
		return
	}
	var one base.Batch
	one.Slice(&d.batch, i, i+1)
	taken, err := d.target.DeadLetter.write(&one)
	if err != nil {
		d.target.Report.Failed(err, 1)
	}
	if taken {
		d.source.DeadLettered()
	}
}
