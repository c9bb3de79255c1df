// Package buffercore is Python's MemoryHandler for zap: a Core that gathers records and hands them to a target together,
// when there are many of them, when one of them is serious, or when told to. And a flight recorder: the debug records of
// a request are kept, and reach the log only if the request goes wrong.
//
//	core, err := buffercore.New(buffercore.Config{Target: files}) // any Core
//	…
//	defer core.Close()
//	logger := zap.New(core)
//
// # The buffer
//
// A record that is written is recorded as a tape, which costs a fraction of encoding it, and lies in an arena of bounded
// size until the buffer is flushed: when it holds Capacity records, when the next would not fit into MaxBytes, when a
// record comes that FlushLevel takes (Error and above by default), when the ShouldFlush hook says so, every
// FlushInterval, and by Sync and Close. The flush runs on the goroutine that caused it, and hands over what the buffer held
// when it began; others go on writing and do not wait for it, and what they cause meanwhile is flushed behind it, by a
// goroutine. A signal, as SIGTERM, ends a Go program without Close unless signal.NotifyContext takes it: what is in the
// buffer is gone then.
//
// A flush clears what the target took, and nothing else. What a target that is a BatchWriter could not take stays, in
// order, and is offered again at the next flush, without the duplicates that Python's handler makes of it; between
// attempts that the buffer makes of its own accord it waits longer and longer. A buffer that cannot flush, because its
// target is down or it has none yet, keeps the newest records and drops the oldest, those below Error first, and counts
// them; Python's grows for ever.
//
// # The flight recorder
//
//	recording := core.Begin()
//	ok := false // true at the end of the request: one that panics has failed
//	defer func() { recording.End(!ok) }()
//	logger := zap.New(recording)
//
//	      Debug  Info  Debug ────── Error ─────────── Debug ── End(false)
//	        └──────┴─────┘            │                 │
//	         kept in the              └► replayed in    └► discarded
//	         recording                   order, then
//	                                     this, flushed
//
// A Recording is a Core for one request. What is below FlushLevel stays in it; a record that is not brings all of it
// along, in order, before itself. End decides about the rest. Recordings are bounded in bytes and reuse each other's
// memory.
//
// # How the files hang together
//
//	core.go ── buffer.go ─┬─ conditions.go   what is taken, and what flushes
//	                      ├─ flush.go, flushlock.go, flusher.go   who flushes, one at a time, and how
//	                      └─ urgent.go       Fatal
//	recording.go                             a flight recorder
//
// # Counts
//
// Stats counts every record. What a Recording or DiscardOnClose threw away on purpose is skipped; what the bounds cost is
// dropped, and OnError hears of the target's failures.
package buffercore
