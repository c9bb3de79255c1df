// Package rotation puts the next file of a log in the place of the one in use, and sees to what becomes of the latter.
//
// Contract: a file is never closed before the next one is open, the path of the log always leads to a file where the file system
// can do that, and whatever step is refused, or cut short by a crash, leaves every record in a file that the next attempt finds.
//
// # States of a file
//
//	next ──exchange──► app.log ──exchange──► out ──[compress]──► app.log.1(.gz), synced, closed ──OnRotate──► retention
//	                                          │
//	                                          └ waits while the files before it are finished, in the order of their numbers
//
// Everything that is neither the log nor a finished backup lies in a hidden directory beside the log, which is there only while
// something is in it:
//
//	.app.log.rotation/next-PID-N         the file opened ahead, empty
//	.app.log.rotation/out-SEQ-PID-N      a file that was rolled out and has no backup name yet; SEQ rises
//	.app.log.rotation/part-PID-N.gz      a compressed file in the making
//	.app.log.rotation/hook-SEQ-PID-N     with Shared: OnRotate runs for the file of that number, and others move no names meanwhile
//
// so that whoever reads the log's directory, by whatever pattern, sees only plain lines and complete compressed files.
//
// # Who does what under which lock
//
//	Exchange   under the writer's lock: link(app.log, out), rename(next, app.log). Two calls to the system, for a watcher one event
//	Finish     under no lock of the writer's: one goroutine, one file at a time. It names the file, syncs and closes it, calls the
//	           hooks, removes old ones. For a small file without hooks that goroutine is the one that has just written.
//
// The lock of a log is an flock on its hidden directory. Whoever changes names has it, for as long as that takes; no hook is called
// under it. Each file in the directory that belongs to a living process is locked, too (flock), and left alone by others. The
// package knows no writer: it gets a file and returns another one.
package rotation
