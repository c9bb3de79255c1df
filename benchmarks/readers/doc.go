// Command readers shows what readers of log files make of files that rotate, and what file systems make of several writers.
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
// Before the first record that counts, the writer repeats a greeting until every tool has printed it: a tool that is slow to
// start loses nothing by that. After the last record a tool has as long as it goes on printing, and -quiet longer.
//
// A table has a row a tool and a column a writer, with the records lost and, behind a slash, repeated. Ours are then
// compared with a plain rename-and-create that names its backups alike. The program exits with status 1 if a tool is worse off
// with ours: if it lost or repeated more in its worst run than with rename-and-create in its worst, by more than its own
// unsteadiness. What is worse is tried again, twice, one writer at a time, and counts if it is so again. A tool that loses at
// random whoever rotates is marked with a tilde, and judged more mildly, or not at all.
//
// Readers that poll look once a second: an -every below 1.6s shows who is too slow for it, and little else.
//
// # File systems
//
// Two processes write to one RotatingFile with Shared and gzip, and are killed with SIGKILL every 20 to 270 ms, until
// -count records are acknowledged by Write. Then one more opens and closes the file, and every file in the folder is read back:
// an acknowledged record that is in none is lost, a line that is no record is torn. Where a file system cannot keep what
// Shared promises, the constructor has to refuse it; then two such writers without Shared, one after the other, have to
// lose nothing instead.
//
// Everything happens in a folder for temporary files, which is removed; what is mounted is mounted there.
package main
