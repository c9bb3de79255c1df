//go:build !unix

package faults

// logSyslog is not there: log/syslog is for unix.
var logSyslog []client
