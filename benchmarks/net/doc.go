// Package net measures package netcore against what people use instead: zap's JSON through log/syslog, go-gelf,
// fluent-logger-golang and Python's SocketHandler; and holds what it promises behind a queue.
//
//	go -C benchmarks test -run '^$' -bench . ./net
//
// Where a benchmark reports a ratio, both sides took turns in one run: other work of the machine falls on both.
package net
