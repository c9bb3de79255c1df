// Package rotation replaces the file of a log by the next one, and turns the old one into a finished backup. It knows no writer: it
// gets a file and returns another one.
//
// Contract:
//
//   - A file is not closed before the next one is open, except on Windows, which renames no open file.
//   - The path of the log leads to a file at any time, if the file system has hard links.
//   - A step that is refused, or cut short by a crash, leaves every record in a file that the next attempt finds.
//
// # States of a file
//
//	next ──exchange──► app.log ──exchange──► out ──[compress]──► app.log.1(.gz), synced, closed ──OnRotate──► retention
//	                                          │
//	                                          └ waits while the files before it are finished, in the order of their numbers
//
// Everything that is neither the log nor a finished backup lies in a hidden directory beside the log, which exists only while
// something is in it:
//
//	.app.log.rotation/next-PID-N         the file opened ahead, empty
//	.app.log.rotation/out-SEQ-PID-N      a file that was rolled over and has no backup name yet; SEQ rises
//	.app.log.rotation/part-PID-N.gz      a compressed file in the making
//	.app.log.rotation/hook-SEQ-PID-N     with Shared: OnRotate runs for the file of that number; until then others rename no backups
//
// So whoever reads the log's directory, by whatever pattern, sees only plain lines and complete compressed files.
//
// # Who does what under which lock
//
//	Exchange   under the writer's lock: try the log's lock, without waiting; check that the path still leads to the file, and who may
//	           read it; link(app.log, out), rename(next, app.log), which for a watcher is one event. The next file was opened
//	           ahead; if a period begins with it, it is made here, because its time of birth counts
//	Finish     without the writer's lock: one goroutine, one file at a time. It names the file, syncs and closes it, calls the
//	           hooks, and removes old backups. For a small file without hooks it is the goroutine that has just written
//
// The log's lock is an flock on its hidden directory, held while names change. Without Shared, a caller that has waited a second for
// it goes on without it; that is told and counted. No hook but the Namer, which has to be pure, is called under it. Each file in the
// directory that belongs to a living process is locked (flock), too, and other processes leave it alone.
package rotation
