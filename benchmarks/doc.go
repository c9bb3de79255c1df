// Package benchmarks is the root of a module of its own, for whatever is too heavy for the library: the rivals it is
// measured against, the servers it is tried on, the tools it is checked with. The library's go.mod stays at four direct
// requirements, and who uses the library downloads none of this.
//
//	service   the library's main job, end to end: a service logs real traffic, and every record is counted
//	files     the file writers beside os.File.Write and others of their kind, and the pause of a rotation
//	http      httpcore beside net/http and OpenTelemetry's exporter, and a storm behind a queue
//	mail      mailcore beside net/smtp, against a server that does everything wrong
//	net       netcore beside log/syslog, go-gelf, fluent and Python
//	queue     queuecore beside the other ways to log without waiting
//	syslog    sysloghandler against a parser of its own mind, and beside log/syslog and srslog
//
// The Windows event log is not among them: a benchmark of it would need Windows.
//
// Run them from the root of the repository:
//
//	go -C benchmarks run ./service            # files and queue are programs, too
//	go -C benchmarks test -bench . ./http     # as are tests and benchmarks: http, mail, net, syslog
//	go -C benchmarks tool staticcheck ./...
package benchmarks
