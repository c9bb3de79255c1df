package buffercore

import (
	"fmt"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// conditions calls the levels and the hook that decide what a buffer takes and when it flushes: user code, which may panic.
type conditions struct {
	cfg     *Config
	report  *base.Reporter
	nesting base.Nesting // of ShouldFlush
}

// triggersFlush reports whether FlushLevel takes records of level l. If it panics, Error and above count as taken.
func (c *conditions) triggersFlush(l zapcore.Level) bool {
	return c.enabled(c.cfg.FlushLevel, l, l >= zapcore.ErrorLevel)
}

// enabled calls e.Enabled(l). If that panics, it reports the panic and returns otherwise.
func (c *conditions) enabled(e zapcore.LevelEnabler, l zapcore.Level, otherwise bool) (enabled bool) {
	if lowest, ok := e.(zapcore.Level); ok {
		return l >= lowest
	}
	defer func() {
		if p := recover(); p != nil {
			enabled = otherwise
			c.report.Failed(fmt.Errorf("buffercore: Enabled: %w", &base.PanicError{Value: p}), 0)
		}
	}()
	return e.Enabled(l)
}

// level is Core.Level.
func (c *conditions) level() (l zapcore.Level) {
	defer func() {
		if recover() != nil {
			l = everything
		}
	}()
	if l, ok := c.cfg.Level.(zapcore.Level); ok {
		return l
	}
	return zapcore.LevelOf(c.cfg.Level)
}

// shouldFlush calls the hook. If that panics, or its calls are nested too deep, it reports an error and returns false.
func (c *conditions) shouldFlush(ent *zapcore.Entry, records int) (should bool) {
	if c.cfg.ShouldFlush == nil {
		return false
	}
	err := c.nesting.Enter()
	if err == nil {
		defer c.nesting.Leave()
		err = base.Guard(func() error { should = c.cfg.ShouldFlush(*ent, records); return nil })
	}
	if err != nil {
		c.report.Failed(fmt.Errorf("buffercore: ShouldFlush: %w", err), 0)
	}
	return should
}
