// Package benchmarks is the root of a module of its own, for whatever is too heavy for the library: the rivals it is
// measured against, the servers it is tried on, the tools it is checked with. The library's go.mod stays at four direct
// requirements, and who uses the library downloads none of this.
//
//	service   the library's main job, end to end: a service logs real traffic, and every record is counted
//
//	call      a synchronous call, encoded as JSON, beside zerolog, phuslu and slog
//	files     the file writers beside os.File.Write and others of their kind, and the pause of a rotation
//	queue     queuecore and buffercore beside the other ways to log without waiting
//	net       netcore beside log/syslog, go-gelf, fluent and Python
//	syslog    sysloghandler beside log/syslog and srslog, and against a parser of its own mind
//	http      httpcore beside net/http and OpenTelemetry's exporter, and a storm behind a queue
//	mail      mailcore beside net/smtp, against a server that does everything wrong
//	faults    what arrives under ten faults, ours beside the rivals on the same fault
//
//	suite     how all of them are measured: in turns, in one process
//	bench     the program that runs them, compares the results with what was promised, and draws them
//	chart     the pictures
//
// # What is measured
//
// The time that a call takes its caller, and what the process allocates meanwhile, goroutines behind the call included. What
// a way to log costs once more, whole: from the first call until all has arrived. Each area has a floor (the bare system
// call, a copy of the bytes) and, where a logger is called, a Core that does nothing, which is zap's own part. Rows take turns
// with those that they are compared with, six times, and medians are compared: a ratio holds where the nanoseconds of
// this machine do not. Whoever loses records says how many beside its time.
//
// # What is not
//
// A network: peers are on the same machine, and share its processors with whoever sends to them. More than the processors
// there are. Disks: files are on whatever the directory for temporary files is on, nobody waits for a disk unless the row
// says so, and a loss of power is not staged. Windows, where the event log was tried under wine and not timed. And other
// languages, but for Python's logging and spdlog, which run where they are installed.
//
// Run it from the root of the repository:
//
//	make bench                                 # everything: benchmarks/results/*.txt for benchstat, and *.svg
//	make gate                                  # the promised ratios beside the measured ones
//	go -C benchmarks run ./bench run queue     # one area
//	go -C benchmarks run ./service
//	go -C benchmarks tool staticcheck ./...
package benchmarks
