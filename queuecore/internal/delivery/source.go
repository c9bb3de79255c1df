package delivery

import (
	"time"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// Source is where a Delivery's records come from, and who is told their outcome. It holds records, in order, of which the
// first are resolved as they are done with.
type Source interface {
	// Next adds records to the Delivery, and waits until there are any. It returns false when there will be none.
	Next() bool
	// Done is called when all records that Next has added are delivered, or what else becomes of them.
	Done()
	// SetOutcome says what became of the held record i. It is Delivered unless told otherwise; that is said where one before it is to be
	// tried again, for then it is no loss should it never be resolved.
	SetOutcome(i int, o base.Outcome, level zapcore.Level)
	// Resolve lets go of the first n held records.
	Resolve(n int)
	// Pause waits for d or until something happens, and returns what is left of d.
	Pause(d time.Duration) time.Duration
	// Abandoned tells whether the held records are nobody's business any more.
	Abandoned() bool
	// Interrupts tells whether something that cannot wait for a backoff has come up since it was last asked.
	Interrupts() bool
	// FillUp adds to the batch what came before that, whatever its bounds.
	FillUp()
	// TopUp adds to a batch that is about to be tried again what has come meanwhile, within its bounds: at another record a target may
	// see that it is not the server but the first one that is at fault.
	TopUp()
	// Overtaken delivers what cannot wait for its turn any longer, and tells whether the held record i is among it. A Core that
	// gets records one by one is asked before each.
	Overtaken(i int) bool
	// Accepts tells whether the target has just taken a record, or has refused all that it was given.
	Accepts(any bool)
	// DeadLettered counts a record that the dead-letter Core has taken.
	DeadLettered()
}

// Target is where the records go, and how.
type Target struct {
	Core        zapcore.Core
	IgnoreLevel bool
	DeadLetter  *DeadLetter // nil if there is none

	Enabled func(zapcore.Level) (bool, error)        // whether it is to get records of a level
	Prepare func(tape []byte) (kept []byte, _ error) // a hook, or nil; kept is nil if it drops the record, and valid until the next call

	Backoff       base.Backoff
	RetryAttempts int           // 0 is no bound
	RetryFor      time.Duration // 0 is no bound
	Report        *base.Reporter
}
