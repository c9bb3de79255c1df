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
// A time that RFC 5424 cannot write is "-"; RFC 3164 has the machine's local time, whatever zone the record is in, and the time of
// sending for a record without one. A level of the program's own has the severity of the next of zap's.
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
// # The journal
//
// Network "journal" speaks systemd's own protocol, in which a record is fields and not a line, so that journalctl finds it by any of
// them:
//
//	journalctl SYSLOG_IDENTIFIER=shop STATUS=500 -o json
//
//	MESSAGE PRIORITY SYSLOG_FACILITY SYSLOG_IDENTIFIER SYSLOG_PID SYSLOG_TIMESTAMP   as in the other forms
//	LOGGER CODE_FILE CODE_LINE CODE_FUNC STACKTRACE                                  what zap knows of the record
//	STATUS CLIENT_IP TAGS_0                                                          status, client.ip, tags.0: its fields
//
// The journal takes only names of capitals, digits and underscores, and drops others without a word. So letters become capitals,
// and everything else an underscore; an X goes before what would begin with a digit or an underscore, or is a name of the first two
// lines; a name of more than 64 bytes ends in a hash; and a name that the record has already gets a number: user.id and user_id are
// USER_ID and USER_ID_2. A record has at most 1,000 fields, and says TRUNCATED=true if it had more. Values may hold line feeds,
// which need no escape here; what is larger than a datagram is passed in a sealed file in memory. Where a container's filter forbids
// that (memfd_create), a record of more than some 200 KiB is refused, unless MaxSize has it cut.
//
// # Nothing forges a message, and none is refused for what it says
//
// Whatever is logged, one record is one message. Header values are cleaned once, in New: printable ASCII, never longer than the RFC
// says. Keys of fields that no PARAM-NAME may have are mapped, values escaped, invalid UTF-8 repaired; NUL bytes, which end a
// message in many a daemon, are spelled \x00 (but not in Python's form over datagrams, which is sent as Python sends it). Where a
// newline would end a frame (Newline, NUL), it is spelled \n, and with VisibleControls all control characters are spelled so,
// everywhere. A record that is larger than MaxSize is cut: first at the end of its message, in which "..." says so, and then at the
// end of its fields, where truncated="true" does.
//
// # What receivers make of it
//
// A valid message is not always stored as it was sent. What has been seen, and what helps:
//
//	receiver                         what it does                                        what helps
//	a collector's rfc3164 parser     takes no control characters: the message is passed  VisibleControls, the default there
//	                                 on without time and severity
//	VictoriaLogs over UDP            reads a datagram line by line, so that a line feed  VisibleControls
//	                                 begins another message
//	VictoriaLogs                     cuts a value of structured data at a line feed      VisibleControls
//	VictoriaLogs over TCP            hangs up at a time that 64 bits do not hold         such a time is sent as none
//	a collector with octet counting  trims blanks at the end before it counts            preserve_trailing_whitespaces: true
//	syslog-ng                        makes an element of what stands before a dot in a   Separator
//	                                 name; nested objects have such names
//	rsyslog's mmpstrucdata, and      of names that differ only in case, or repeat, keep  UniqueNames
//	a collector                      one, mostly the last
//	rsyslog's imuxsock               stores its own time, whatever the header says       another input, or useSpecialParser="off"
//	systemd's journal                reads RFC 3164 without a host name only             Network "local"
//	syslog-ng                        takes an eleventh TCP connection and closes it      max-connections()
//	rsyslog                          splits what is longer than its maxMessageSize, 8k   MaxSize, 8,096 by default
//	terminals                        do what an escape sequence in a log tells them      VisibleControls
//
// # What is lost
//
// With Network "relp" the receiver acknowledges each message, and what it has not is sent again over the next connection, so that
// nothing is lost on the way, and some may arrive twice, at most the 1,000 that may wait for an answer. What rsyslog has acknowledged
// it holds in memory: without a disk queue of its own it loses that when it is killed. A message at which it hangs up each
// time, or which it never answers, and no other (a poison record), is dropped, counted and told. That takes some dozen connections, which
// Write, Sync and Close make: behind a queue that has nothing more to do, and asks each 10 s, minutes.
//
// Otherwise syslog has no acknowledgement. Nil from Write means that the kernel took the whole message: over a unix socket that is the
// daemon's own queue, over TCP it is a buffer which a daemon that dies does not empty, over UDP it is nothing much. The Core
// sees a peer that has left before it writes to it, finds it again when it is back, waits for a stalled one no longer than
// Timeout, and says each failure once to OnError. With SequenceID the receiver can prove what is missing: each message
// carries a number, and every gap is a record that was lost on the way or refused.
//
// Write waits for the network. A queue (package queuecore) in front of the Core makes it asynchronous, batched and retried.
// What such a queue drops has not reached the Core and never had a number: it leaves no gap. The queue counts it, and sends a
// record that says how many were dropped.
//
// # How long calls take
//
//	New, With, Check, Enabled, Stats   nothing but another call's lock
//	Write, WriteBatch                  Timeout for dialling, handshake and writing together; over a connection in use half as long
//	                                   again, but at most a second more. Who waits behind one that timed out fails at once
//	Sync                               the same: it writes what is held
//	Close                              the same, for what is held, and Timeout once more for the good-byes of RELP and TLS and, on Linux,
//	                                   until the daemon's system has what was written, but a second at most if that takes
//	                                   nothing; a Write that is stalled is ended
//
// # How the files hang together
//
//	core.go ─┬─ defaults.go        what a Config says, and what it leaves to us
//	         ├─ unused.go          what would have no effect, which is an error
//	         ├─ formatter.go ─┬─ rfc5424.go   what is said, in three forms
//	         │                ├─ rfc3164.go
//	         │                ├─ python.go
//	         │                └─ journal.go   and as the journal has it
//	         │                     ├─ structured.go, elements.go   fields as parameters
//	         │                     ├─ header.go, priority.go
//	         │                     ├─ timestamp.go                 six digits, always
//	         │                     └─ escape.go                    and nothing breaks out
//	         └─ emitter.go         numbers, over netcore's sockets
//	            local.go           finds the daemon's
//	            journal_linux.go   the journal's socket; journal_other.go says that there is none
//
// What the receivers that were run really do with what is sent to them is on the page docs/receivers.md of the repository.
package sysloghandler
