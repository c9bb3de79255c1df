// Package zapcore is the common base of every handler in this module. Import it as base, beside zap's own package of that name:
//
//	import (
//		"go.uber.org/zap/zapcore"
//
//		base "example.com/zaphandlers/zapcore"
//	)
//
// To use the handlers you need little of it: [FromWriter] makes a core of a file, [NewJSON] is a fast JSON encoder, [ReportTo] keeps
// zap's error output short. To write a handler of your own, or to understand ours, three ideas are enough.
//
// # A Handler is a Formatter and an Emitter
//
// A [Handler] is a complete zapcore.Core. A record passes through it like this:
//
//	level → format (the caller's goroutine, no lock) → lock → Emit → unlock
//
// Two small parts differ from one destination to the next. A [Formatter] makes the bytes of one record, and an [Emitter] carries
// those bytes, the frame, to the destination. A zap encoder can take the place of the Formatter. The Handler does everything else:
// levels, With, locking, backoff after a timeout, counting, Fatal records, Close. User code that runs
// for each record (Stringers, marshalers, hooks) and OnError run before or after the lock, never under it, so they may log to the same
// core. What the Emitter calls, such as a Dial or a RoundTripper of the user, runs under it.
//
// # A Record is a self-contained log record
//
// A zap Field may hold pointers to data that the program changes a moment later. A core that keeps a record, or sends it away later,
// needs it as it was at the call. A [Record] holds the entry, the With fields and the fields of the call as a tape: bytes, tagged with
// their types. Recording ten fields costs about a tenth of encoding them as JSON, and allocates nothing. Replaying the tape into an
// encoder gives the same bytes as the original fields. The encoder of [NewJSON] reads a tape, or the fields of a call, directly, in
// about a third of the time that zap's encoder takes. The same tape is the slot of a queue and a message on a wire, so [Record.Parse]
// checks every byte, and is fuzzed. One part of an Entry is not recorded: Caller.PC, which is 0 behind a queue. The caller's file, line
// and function are.
//
// # A Batch is handed over with one contract
//
// A queue or a buffer hands many records together to a core that is a [BatchWriter]:
//
//	n, err := core.WriteBatch(batch)
//
// The core is done with the first n records: they are delivered, or refused for good and named in a [RejectedError]. The holder keeps
// the rest, and a [RetryError] says when to try again. So nothing is lost between the two, and nothing is sent twice. Any other core
// (a Tee, a sampler, a core of your own) gets each record once, through [Record.Deliver], as a Logger would write it.
//
// # What every core promises
//
//   - Nothing is lost silently: in [Stats], Accepted = Delivered + Dropped + Skipped + Pending. A record whose Write returned an
//     error was not accepted.
//   - Nothing blocks without a bound, and waiting for another caller counts. A destination that timed out is left alone
//     for a while, and every Write that waited for it fails at once.
//   - A frame is complete before its first byte leaves.
//   - An error is returned if a caller waits, and reported to OnError if none does, never both. The same error is reported once.
//   - A record above Error is delivered and synced before Write returns: the process may be about to end.
//   - Close can be called twice, delivers what the core holds, and leaves no goroutine. After it Write returns [ErrClosed].
//   - A Write of plain fields allocates nothing, unless the transport library does (net/http, net/smtp).
//
// Package coretest tests any core, yours too, for all of these but the third, which depends on the protocol.
//
// A [Reporter] decides for every package when an error is the same as before, and when a failure is over.
//
// # Where to look next
//
//	handler.go ── output.go ── within.go    the Handler; the lock, backoff and counts behind it; Sync and Close
//	emitter.go, batch.go                    the interfaces: Formatter, Emitter and its extensions, BatchWriter
//	errors.go, verdicts.go, offer.go        RejectedError and RetryError; how a batch is offered to any core
//	record.go, context.go, deliver.go       a Record, the fields of With, delivery to a foreign core
//	writer.go, json.go                      FromWriter and NewJSON
//	report.go ── outage.go                  Reporter: what OnError gets, and when
//	stats.go, backoff.go, goroutine.go      counts; retry delays and checks of durations; goroutine ids and nested hooks
//	internal/tape, internal/jsonenc         the bytes of a record; JSON from fields or a tape
package zapcore
