// Package filelock locks a file against other processes, and against other users in this one, for as long as it is open.
//
//	open ── TryLock ─┬─ free ──► locked ── Close, or the end of the process ──► free
//	                 └─ taken: somebody else has it
//
// Its contract: TryLock never waits, and a process that is killed leaves no lock. The file itself is not removed.
package filelock
