// Package benchmarks is the root of a module of its own, for whatever is too heavy for the library: the rivals it is
// measured against, the servers it is tried with, the tools that check it. So the library's go.mod stays at four direct
// requirements, and users of the library download none of this.
//
//	service   the library's main job, end to end: a service logs real traffic, and every record is counted
//
//	call      a synchronous call, encoded as JSON, beside zerolog, phuslu and slog
//	files     the file writers beside os.File.Write and other writers, and the pause of a rotation
//	queue     queuecore and buffercore beside the other ways to log without waiting
//	net       netcore beside log/syslog, go-gelf, fluent and Python
//	syslog    sysloghandler beside log/syslog and srslog, checked by an independent parser
//	http      httpcore beside net/http and OpenTelemetry's exporter, and a storm of errors behind a queue
//	mail      mailcore beside net/smtp, with a server that does everything wrong
//	faults    what arrives under ten faults, ours beside the rivals on the same fault
//
//	suite     how all of them are measured: in turns, in one process
//	bench     the program that runs them, compares the results with what was promised, and draws them
//	chart     the pictures
//
//	backends  tests against real log stores, in a module of its own
//	readers   which readers of log files lose records when a file rotates: the tables of docs/readers.md
//	size      how much larger a program becomes, and how much memory a queue takes
//	wire      rows for what sends over sockets, shared by several areas
//
// # What is measured
//
// Two costs of each way to log: the time that a call takes its caller, with what the process allocates meanwhile, goroutines behind the
// call included; and the whole time from the first call until all records have arrived.
//
// Each area has a floor: the bare system call, or a copy of the bytes. Where a logger is called there is also a Core that does
// nothing, which shows zap's own part. Rows that are compared take turns, six times, and their medians are compared: such a ratio
// holds on other machines, where the nanoseconds do not. A row that loses records shows how many beside its time.
//
// # What is not measured
//
//   - A network: peers run on the same machine, and share its processors with the senders.
//   - More processors than this machine has.
//   - Disks: files are on the file system of the directory for temporary files. No row waits for a disk unless it says so, and there is no
//     loss of power.
//   - Windows: the event log was tried under wine, and not timed.
//   - Other languages, except Python's logging and spdlog, where they are installed.
//
// Run it from the root of the repository:
//
//	make bench                                 # everything: benchmarks/results/*.txt for benchstat, and *.svg
//	make gate                                  # the promised ratios beside the measured ones
//	go -C benchmarks run ./bench run queue     # one area
//	go -C benchmarks run ./service
//	go -C benchmarks tool staticcheck ./...
package benchmarks
