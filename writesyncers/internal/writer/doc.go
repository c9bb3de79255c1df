// Package writer is the core of every file of package writesyncers: one open file under one lock, an optional buffer, and a
// strategy that is asked before a record whether the file is still the right one.
//
// Contract: one Write is one record. When Write returns nil, the record is in the file or in the buffer, in one piece. When Write
// returns an error, that record is lost, and no other.
//
//	Write ── encode (no lock) ── lock ── size+n >= limit? ──no──► write ── unlock ──► [fsync]
//	                                       │yes
//	                                       ▼
//	                              strategy.before(n)      none    nothing: the limit is never reached
//	                                                      watch   does the path still lead to this file? else open what is there
//	                                                      rotate  is the file full, or its period over? then the next one
//
// Comparing with the limit is all that a record costs: a strategy that wants to see every record sets it to 0, one that wants to see
// none to math.MaxInt64. Under the lock a rollover only exchanges two names, and calls the hooks that decide about the record being
// written: ShouldRollover, Next and Clock. All else (names of backups, the other hooks, OnError) is done by unlock.
//
// Writer.put writes all records to the file, whether they come from Write, WriteRecords or the buffer.
//
// A file that takes no more (a pipe whose reader has stopped) blocks the Write under way, and all later ones. Stats never
// waits for a Write; Sync and Close wait for a bounded time.
package writer
