// Package waitline is where producers that found no room in the arena wait for it: first come, first served within a lane, and
// the lanes of more serious records before the others.
//
//	producer   Join ──► arrived (a stack, without a lock) ┐
//	                                                      ├─ Admit, under the owner's lock ─► take puts the record
//	           Wait ◄── Wake, without it ◄────────────────┘
//
// A Line admits by doing the work of those who wait: whoever has made room puts their records, as many as fit, and wakes
// those producers and no others. A producer that waits takes the owner's lock only if its time runs out, so that ten thousand of
// them do not stand between the lock and the one goroutine that can make room.
//
// # Why no wake-up is lost
//
// A producer pushes itself to the stack, and then counts itself. Admit takes a producer out of the count, and looks at the
// stack once more before it returns. So a producer that finds others counted can rely on an Admit to come: theirs, or that of
// whoever makes room next. The one that finds itself alone is told so by Join, and has to have Admit called once more, since
// the room may have come between its last look and its joining.
package waitline
