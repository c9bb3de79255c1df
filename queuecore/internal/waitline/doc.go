// Package waitline queues producers that found no room in the arena. Higher lanes are served first; within a lane, first come, first
// served.
//
//	producer   Join ──► arrived (a stack, without a lock) ┐
//	                                                      ├─ Admit, under the owner's lock ─► take puts the record
//	           Wait ◄── Wake, without it ◄────────────────┘
//
// Waiting producers do not put their records themselves. The goroutine that has made room puts them, as many as fit, and wakes
// only those producers. A waiting producer takes the owner's lock only if its time runs out, so ten thousand of
// them do not compete for the lock with the one goroutine that can make room.
//
// # Why no wake-up is lost
//
// A producer pushes itself onto the stack, and then increments the count. Admit decrements the count for each producer it admits, and
// looks at the stack once more before it returns. So a producer that finds others counted can rely on a later Admit: one for
// them, or that of whoever makes room next. A producer that Join reports as alone must have Admit called once more, since
// room may have been made between its last attempt and its Join.
package waitline
