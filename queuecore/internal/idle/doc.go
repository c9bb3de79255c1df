// Package idle is how a goroutine that delivers waits for work: it naps, for longer each time it has found nothing, and then
// sleeps.
//
//	work found ──► nap 200 µs ──► 400 µs ──► … ──► 3.2 ms ──► sleep, until Wake
//	    ▲              │             │               │              │
//	    └──────────────┴─────────────┴───────────────┴──────────────┘  Busy
//
// While it naps whoever makes work need not wake it, which is the expensive part of most queues; when it sleeps they must.
package idle
