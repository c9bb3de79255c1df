// Package delivery is the loop that carries records from a source to one target: a batch at a time, again if need be, and with a word
// on each record.
//
//	      ┌──────────────────── Next: the source adds records to the batch, or waits ◄───┐
//	      ▼                                                                              │
//	offer the batch ──► delivered, skipped, rejected, failed, panicked: SetOutcome       │ Done
//	      ▲         └─► retryable ──► pause ──┐                   │                      │
//	      └───────────────────────────────────┘                   └─► Resolve ───────────┘
//
// There are two sources, the arena of a queue and an engine, and a third of one record, for a Write that delivers itself. A target
// that is a base.BatchWriter is retried; any other Core gets each record once, since nobody can tell what it has taken when it
// fails. What a target refuses goes to its dead-letter Core.
//
// Everything here runs on one goroutine, and calls the source and the target under no lock.
package delivery
