package queuecore

import (
	"fmt"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// Prepare is a hook that may change a record: redact it, enrich it, or drop it (Python's QueueHandler.prepare and
// QueueListener.prepare). It may change ent and returns the fields to go on with, those of With first; with keep false
// the record goes no further and counts as skipped. It must not keep what it is given.
type Prepare func(ent *zapcore.Entry, fields []zapcore.Field) (prepared []zapcore.Field, keep bool)

// prepared returns the tape of what the hook makes of r, or nil if it drops it.
func prepared(r *base.Record, prepare Prepare) ([]byte, error) {
	own := r.Clone()
	ent := own.Entry()
	fields, keep := prepare(&ent, own.AppendFields(nil))
	if !keep {
		return nil, nil
	}
	var made base.Record
	if err := made.Capture(ent, base.Context{}, fields); err != nil {
		return nil, err
	}
	return made.Bytes(), nil
}

// writePrepared is Write with Config.Prepare.
func (c *Core) writePrepared(ent zapcore.Entry, fields []zapcore.Field) error {
	keep := false
	err := base.Guard(func() error {
		fields, keep = c.queue.cfg.Prepare(&ent, append(c.context.Fields(), fields...))
		return nil
	})
	switch {
	case err != nil:
		c.queue.enqueuer.refused.Add(1)
		return fmt.Errorf("queuecore: Prepare: %w", err)
	case !keep:
		return c.queue.enqueuer.skip()
	}
	r := base.GetRecord()
	defer r.Free()
	if err := r.Capture(ent, base.Context{}, fields); err != nil {
		c.queue.enqueuer.refused.Add(1)
		return err
	}
	return c.queue.enqueuer.write(ent.Level, r.Bytes())
}
