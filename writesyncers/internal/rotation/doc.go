// Package rotation puts the next file of a log in the place of the one in use, and sees to what becomes of the latter.
//
// Contract: a file is not closed before the next one is open (but on Windows, which renames no open file), the path of the log always leads
// to a file where the file system can do that, and whatever step is refused, or cut short by a crash, leaves every record in a file
// that the next attempt finds.
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
//	Exchange   under the writer's lock: try the log's lock, without waiting; see that the path still leads to the file, and who may
//	           read it; link(app.log, out), rename(next, app.log), which for a watcher is one event. The next file has been opened
//	           ahead; one that a period begins with is made here, since its time of birth counts
//	Finish     under no lock of the writer's: one goroutine, one file at a time. It names the file, syncs and closes it, calls the
//	           hooks, removes old ones. For a small file without hooks that goroutine is the one that has just written.
//
// The lock of a log is an flock on its hidden directory. Whoever changes names has it, for as long as that takes; without Shared, who has
// waited a second for it goes on without, says so and counts it. No hook is called under it but the Namer, which has to be pure. Each file
// in the directory that belongs to a living process is locked, too (flock), and left alone by others. The package knows no writer: it gets
// a file and returns another one.
package rotation
