// Package delivery is the loop that carries records from a source to one target, a batch at a time. It retries what the target could not
// take, and tells the source the outcome of each record.
//
//	      ┌──────────────────── Next: the source adds records to the batch, or waits ◄───┐
//	      ▼                                                                              │
//	offer the batch ──► delivered, skipped, rejected, failed, panicked: SetOutcome       │ Done
//	      ▲         └─► retryable ──► pause ──┐                   │                      │
//	      └───────────────────────────────────┘                   └─► Resolve ───────────┘
//
// The sources are the arena of a queue, an engine, and a single record, for a write-through. A target
// that is a base.BatchWriter is retried. Any other Core gets each record once, since nobody can tell what it has taken when it
// fails. Records that a target refuses go to its dead-letter Core.
//
// A Delivery runs on one goroutine, and calls the source and the target under no lock.
package delivery
