// Command readers shows which readers of log files lose or repeat records when files rotate, and on which file systems several writers
// of one file lose none.
//
//	go -C benchmarks run ./readers                      # every tool × every writer, two runs, about eight minutes
//	go -C benchmarks run ./readers -filesystems         # as root: Shared, gzip and kill -9 on every file system
//	go -C benchmarks run ./readers -list                # tools, writers and file systems by name; what is missing says why
//	scripts/readers.sh                                  # as root on Debian: installs the tools and file systems
//
// # Readers
//
// A writer writes numbered records of 100 bytes into app.log, a file of which holds 64 KiB, and rotates every -every. All tools
// follow that one log at the same time, each in a process of its own, with its own state. What a tool prints is searched for
// the numbers:
//
//	writer ─► app.log, app.log.1 … ─┬─► tail -F      ─► numbers seen once, seen again, never seen
//	                                ├─► rsyslogd     ─► …
//	                                └─► …
//
// Before the first record that counts, the writer repeats a greeting until every tool has printed it, so that a tool that is slow to
// start loses nothing. After the last record a tool may go on for as long as it prints, and -quiet longer.
//
// A table has a row for each tool and a column for each writer, with the records lost and, behind a slash, repeated. Our writers are then
// compared with a plain rename-and-create that names its backups in the same way. The program exits with status 1 if a tool is worse off
// with ours: if in its worst run it lost or repeated more than in its worst run with rename-and-create, by more than its runs differ
// among themselves. Such a result is checked twice more, one writer at a time, and counts only if it repeats. A tool that loses records at
// random with any writer is marked with a tilde, and judged more mildly, or not at all.
//
// Readers that poll look once a second: with -every below 1.6s the result shows which are too slow for that, and little else.
//
// # File systems
//
// Two processes write to one RotatingFile with Shared and gzip, and are killed with SIGKILL every 20 to 270 ms, until
// Write has returned nil for -count records. Then one more process opens and closes the file, and every file in the folder is read back:
// such a record that is in none is lost, and a line that is not a record is torn. If a file system cannot keep the promises of Shared, the
// constructor must refuse it; then two writers without Shared, one after the other, must lose nothing.
//
// Everything happens in a folder for temporary files, mounts included, which is removed at the end.
package main
