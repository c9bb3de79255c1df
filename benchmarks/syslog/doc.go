// Package syslog holds package sysloghandler against others: its messages against an RFC 5424 parser that knows nothing of
// it, its speed against log/syslog, srslog and the bare system calls, in one run.
//
//	go -C benchmarks test -fuzz FuzzParser -fuzztime 60s ./syslog
//	go -C benchmarks test -run '^$' -bench . -benchmem ./syslog
package syslog
