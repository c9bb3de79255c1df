// Package sysloghandler sends records to a syslog daemon: Python's SysLogHandler, in the forms that RFC 5424, RFC 3164 and the
// daemons want, over UDP, TCP, TLS and unix sockets.
//
//	core, err := sysloghandler.New(sysloghandler.Config{Network: "local"})    // the machine's own daemon
//	…
//	logger := zap.New(core)
//	defer core.Close()
//
// The zero Config is Python's: UDP to localhost, port 514. On one machine, Network "local" is better: it finds the daemon's
// socket, loses nothing on the way and needs no port. To another machine, TLS is.
//
// # What is sent
//
// A record becomes one message. In RFC 5424 form, which is the default, it is all there, and in its place:
//
//	<14>1 2026-11-22T10:11:12.123456+01:00 web7 shop 4711 http.orders [fields@32473 status="200" path="/"] order taken
//	│     │                                │    │    │    │           │                                    │
//	PRI   TIMESTAMP, always six digits     HOST APP  PID  MSGID       zap fields as structured data        MSG
//	                                                      logger name
//
// RFC 3164 form has no structured data, nor has Python's; there the fields follow the message in the same spelling:
//
//	<14>Nov 22 10:11:12 web7 shop[4711]: order taken status="200" path="/"          RFC3164
//	<14>order taken status="200" path="/"␀                                          Python
//
// With an Encoder the message is the encoder's line, and the fields are where the encoder puts them.
//
// Daemons read local sockets as syslog(3) of the C library writes to them: RFC 3164 without a host name. systemd's journal
// reads nothing else. So that is the default form for Network "local".
//
// # Nothing forges a message, and none is refused for what it says
//
// Whatever is logged, one record is one message. Header values are cleaned once, in New: printable ASCII, never longer than
// the RFC says. Keys of fields that no PARAM-NAME may have are mapped, values escaped, invalid UTF-8 repaired; NUL bytes,
// which end a message in many a daemon, are spelled \x00. Where a newline would end a frame (Newline, NUL), it is spelled \n.
// A record that is larger than MaxSize is cut: first at the end of its message, in which "..." says so, and then at the end of its
// fields, where truncated="true" does.
//
// # What is lost
//
// Syslog has no acknowledgement. Nil from Write means that the kernel took the whole message: over a unix socket that is the
// daemon's own queue, over TCP it is a buffer which a daemon that dies does not empty, over UDP it is nothing much. The Core
// sees a peer that has left before it writes to it, finds it again when it is back, waits for a stalled one no longer than
// Timeout, and says each failure once to OnError. With SequenceID the receiver can prove what is missing: each message
// carries a number, and every gap is a record that was lost on the way or refused.
//
// Write waits for the network. A queue (package queuecore) in front of the Core makes it asynchronous, batched and retried.
// What such a queue drops has not reached the Core and never had a number: it leaves no gap. The queue counts it, and sends a
// record that says how many were dropped.
//
// # How the files hang together
//
//	core.go ─┬─ defaults.go        what a Config says, and what it leaves to us
//	         ├─ formatter.go ─┬─ rfc5424.go   what is said, in three forms
//	         │                ├─ rfc3164.go
//	         │                └─ python.go
//	         │                     ├─ structured.go, elements.go   fields as parameters
//	         │                     ├─ header.go, priority.go       names and numbers
//	         │                     ├─ timestamp.go                 six digits, always
//	         │                     └─ escape.go                    and nothing breaks out
//	         └─ emitter.go         numbers, over netcore's sockets
//	            local.go           finds the daemon's
//
// What the receivers that were run really do with what is sent to them is on the page docs/receivers.md of the repository.
package sysloghandler
