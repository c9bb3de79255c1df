package delivery

import (
	"time"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// Source is where the records of a Delivery come from. It holds records, in order, until the Delivery resolves them, first ones
// first. Their outcome is Delivered unless SetOutcome sets another.
type Source interface {
	// Next adds records to the Delivery, and waits until there are any. It returns false when there will be none.
	Next() bool
	// Done is called when the Delivery is done with all records that Next has added.
	Done()
	// SetOutcome sets the outcome of held record i. It is called with Delivered if an earlier record must be
	// tried again: should record i never be resolved, it is not lost.
	SetOutcome(i int, o base.Outcome, level zapcore.Level)
	// Resolve removes the first n held records, whose outcomes are final.
	Resolve(n int)
	// Pause waits for d or until something happens, and returns how much of d is left.
	Pause(d time.Duration) time.Duration
	// Abandoned reports whether the held records are given up, so that their outcomes do not matter any more.
	Abandoned() bool
	// Interrupts reports whether something has come up, since it was last called, that cannot wait for a backoff.
	Interrupts() bool
	// FillUp is called after such an interrupt. It adds everything that came before it to the batch, beyond the bounds of a batch.
	FillUp()
	// TopUp adds new records, within its bounds, to a batch that is about to be tried again: a target that fails at the first record may
	// take another, and so find out that not the server but that record is at fault.
	TopUp()
	// Overtaken delivers records that cannot wait for their turn any longer, and reports whether held record i was one of them. It is
	// called before each record for a Core that is no BatchWriter.
	Overtaken(i int) bool
	// Accepts is called with true when the target has taken any record, with false when it has refused all that it was given.
	Accepts(any bool)
	// DeadLettered counts a record that the dead-letter Core took.
	DeadLettered()
}

// Target is where the records go, and how.
type Target struct {
	Core        zapcore.Core
	IgnoreLevel bool
	DeadLetter  *DeadLetter // nil if there is none

	Enabled func(zapcore.Level) (bool, error)        // whether the target wants records of a level
	Prepare func(tape []byte) (kept []byte, _ error) // a hook, or nil; kept is nil if it drops the record, and valid until the next call

	Backoff       base.Backoff
	RetryAttempts int           // 0 is no bound
	RetryFor      time.Duration // 0 is no bound
	Report        *base.Reporter
}
