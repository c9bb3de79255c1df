// Package idle makes a goroutine wait for work: it naps, for longer each time it has found nothing, and then sleeps.
//
//	work found ──► nap 200 µs ──► 400 µs ──► … ──► 3.2 ms ──► sleep, until Wake
//	    ▲              │             │               │              │
//	    └──────────────┴─────────────┴───────────────┴──────────────┘  Busy
//
// While it naps nobody needs to wake it for new work, which is the expensive part of most queues. When it sleeps, somebody must.
package idle
