// Package benchmarks is the root of a module of its own, for whatever is too heavy for the library: the rivals it is
// measured against, the servers it is tried on, the tools it is checked with. The library's go.mod stays at four direct
// requirements, and who uses the library downloads none of this.
//
//	http      OTLP by httpcore beside OpenTelemetry's own, and a storm behind a queue
//	service   the library's main job, end to end: a service logs real traffic, and every record is counted
//	net       netcore beside log/syslog, go-gelf, fluent and Python
//
// Run them from the root of the repository:
//
//	go -C benchmarks run ./service
//	go -C benchmarks tool staticcheck ./...
package benchmarks
