// Package zapcore is the base on which every handler of this module stands. Import it as base, beside zap's own:
//
//	import (
//		"go.uber.org/zap/zapcore"
//
//		base "example.com/zaphandlers/zapcore"
//	)
//
// If you only use the handlers you will rarely need it: [FromWriter], [NewJSON] and [ReportTo] are all. If you write one of your
// own, or want to know how they work, three ideas carry everything.
//
// # A Handler is a Formatter and an Emitter
//
// A [Handler] is a complete zapcore.Core. The way of a record through it is one line:
//
//	level → format (the caller's goroutine, no lock) → lock → Emit → unlock
//
// What differs from one destination to the next is small: a [Formatter], which makes the bytes of one record, and an [Emitter],
// which carries them. A zap encoder serves in place of a Formatter. Levels, With, locking, backoff after a timeout, counting,
// Fatal records, Close: all that is the Handler's, written once. Code of the user's (Stringers, marshalers, hooks) runs
// before the lock or after it, never under it, so it may log to the same core.
//
// # A Record is a log record made self-contained
//
// A zap Field may hold pointers to what the program changes a moment later. Who keeps a record for later, or sends it away,
// needs it as it was at the call. A [Record] is that: entry, With fields and fields written to a tape of bytes, tagged with
// their types. Recording ten fields costs about a tenth of encoding them as JSON and allocates nothing; replay walks
// straight into any encoder and gives byte for byte what the fields would have given. The encoder of [NewJSON] reads the tape
// itself, and a logger's fields without one, and takes about a third of the time that zap's takes. The same bytes are a queue's slot and a
// message on a wire, so [Record.Parse] believes nothing and is fuzzed. Of an Entry one thing is left out: behind a queue
// Caller.PC is 0, while its file, line and function are there.
//
// # A Batch is handed over with one contract
//
// Who holds many records hands them over together, to a core that is a [BatchWriter]:
//
//	n, err := core.WriteBatch(batch)
//
// n records, from the first, are the core's: delivered, or refused for good and named in a [RejectedError]. The rest stay with
// the holder, and a [RetryError] says when to try again. So nothing is lost between the two, and nothing is sent twice. A core
// that is no BatchWriter (a Tee, a sampler, somebody's own) gets each record once, by [Record.Deliver], as a Logger would
// give it.
//
// # What every core promises
//
//   - Nothing is lost silently: [Stats] add up, Accepted = Delivered + Dropped + Skipped + Pending. A Write that returned an
//     error was not accepted.
//   - Nothing blocks without a bound, and waiting for another caller counts: a destination that timed out is left alone
//     for a while, and all who waited fail at once.
//   - A frame is complete before its first byte leaves.
//   - An error is returned if a caller waits, told to OnError if none does, and never both; the same error is told once.
//   - A record above Error is delivered and synced before Write returns: the process may be about to end.
//   - Close can be called twice, delivers what it holds, and leaves no goroutine. Afterwards Write returns [ErrClosed].
//   - A Write of plain fields allocates nothing, unless a library that carries it does (net/http, net/smtp).
//
// Package coretest holds any core to them, yours too, but for the third, which is a matter of each protocol.
//
// A [Reporter] decides for every package when an error is the same as before, and when a failure is over.
//
// Read on in handler.go, emitter.go, record.go, report.go; internal/tape has the picture of the bytes, internal/jsonenc what is made of them.
package zapcore
