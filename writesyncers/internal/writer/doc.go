// Package writer is what every file of package writesyncers is inside: one open file under one lock, an optional buffer, and one
// strategy that is asked before a record.
//
// Contract: one Write is one record; it is in the file, or in the buffer, in one piece when Write returns nil, and it is lost, and
// only it, when Write returns an error.
//
//	Write ── encode (no lock) ── lock ── size+n >= limit? ──no──► write ── unlock ──► [fsync]
//	                                       │yes
//	                                       ▼
//	                              strategy.before(n)      none    nothing: the limit is never reached
//	                                                      watch   does the path still lead to this file? else open what is there
//	                                                      rotate  is the file full, or its period over? then the next one
//
// The limit is the only thing that a record pays for: a strategy that wants to see every record says 0, one that wants to see none
// says the largest number there is. Under the lock a rollover exchanges two names, and asks the hooks that decide in the middle of a
// write, ShouldRollover and Next. All else (names of backups, the other hooks, OnError) is left to unlock.
//
// Records, of Write, WriteRecords and the buffer, go to the file by Writer.put, which calls Write of package appendfile; so does the header.
//
// A file that takes no more (a pipe whose reader has stopped) holds up the Write that it happens to, and those behind it; Stats never
// waits for a Write, and Sync and Close wait for a bounded time.
package writer
