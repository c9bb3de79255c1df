// Package buffercore is Python's MemoryHandler for zap: a Core that gathers records and hands them to a target together,
// when there are many of them, when one is an Error, or on request. It is also a flight recorder: it keeps the debug records of
// a request, which reach the log only if the request fails.
//
//	core, err := buffercore.New(buffercore.Config{Target: files}) // any Core
//	…
//	defer core.Close()
//	logger := zap.New(core)
//
// # The buffer
//
// Write records an entry and its fields as a tape, which costs a fraction of encoding them. The tape stays in an arena of bounded
// size until the buffer is flushed:
//
//   - when it holds Capacity records, or the next record would not fit into MaxBytes,
//   - when FlushLevel takes a record (Error and above by default), or the ShouldFlush hook returns true,
//   - every FlushInterval, and by Sync and Close.
//
// The flush runs on the goroutine that caused it, and hands over what the buffer held when it began. Others go on writing and do not
// wait for it; if one of them has a reason to flush, a goroutine flushes again afterwards. SIGTERM ends a Go program
// without Close, and loses what is in the buffer, unless the program handles it (signal.NotifyContext).
//
// A flush removes the records that the target took, and no others. Records that a BatchWriter could not take stay, in
// order, and are offered again at the next flush, without the duplicates of Python's handler. The buffer waits longer and longer
// between such attempts, unless Sync, Close or an entry above Error asks for one. While it cannot flush, because its
// target is down or it has none yet, it keeps the newest records and drops the oldest, those below Error first, and counts
// them; Python's grows without a bound.
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
// A Recording is a Core for one request. It keeps records that FlushLevel does not take. A record that FlushLevel takes goes to the
// buffer, after all records kept so far, in order. End writes or discards the rest. Recordings are bounded in bytes and reuse each
// other's memory.
//
// # Counts
//
// Stats counts every record. Records discarded on purpose, by a Recording or DiscardOnClose, are skipped; records that had to make room
// are dropped. OnError gets the target's failures.
//
// # Where to look next
//
//	core.go ── buffer.go ─┬─ conditions.go   Core, Config; the records in memory; levels and hooks
//	                      ├─ flush.go, flushlock.go, flusher.go   when to flush, one flush at a time, the hand-over to the target
//	                      └─ urgent.go       an entry above Error
//	recording.go                             the flight recorder
package buffercore
