// Package sysloghandler sends log records to a syslog daemon. It is Python's SysLogHandler, with the message forms of RFC 5424, RFC 3164
// and real daemons, over UDP, TCP, TLS and unix sockets, and to systemd's journal.
//
//	core, err := sysloghandler.New(sysloghandler.Config{Network: "local"})    // the machine's own daemon
//	…
//	logger := zap.New(core)
//	defer core.Close()
//
// The zero Config is Python's: UDP to localhost, port 514. For a daemon on the same machine Network "local" is better: it finds the
// daemon's socket, loses nothing on the way, and needs no port. For another machine use TLS.
//
// # What is sent
//
// A record becomes one message. RFC 5424, the default, has a place for everything:
//
//	<14>1 2026-11-22T10:11:12.123456+01:00 web7 shop 4711 http.orders [fields@32473 status="200" path="/"] order taken
//	│     │                                │    │    │    │           │                                    │
//	PRI   TIMESTAMP, always six digits     HOST APP  PID  MSGID       zap fields as structured data        MSG
//	                                                      logger name
//
// A time that RFC 5424 cannot express is sent as "-". RFC 3164 gets the machine's local time, whatever zone the record has, and the time
// of sending if the record has no time. A custom level below zap's Debug is sent as debug, one above Fatal as crit.
//
// The RFC 3164 form and Python's have no structured data. There the fields follow the message in the same notation:
//
//	<14>Nov 22 10:11:12 web7 shop[4711]: order taken status="200" path="/"          RFC3164
//	<14>order taken status="200" path="/"␀                                          Python
//
// With an Encoder the message is the encoder's line, and the encoder places the fields.
//
// Daemons read local sockets in the form that syslog(3) of the C library writes: RFC 3164 without a host name. systemd's journal
// reads no other form. So that is the default for Network "local".
//
// # The journal
//
// Network "journal" speaks systemd's own protocol. There a record is a set of fields instead of a line, and journalctl finds it by each:
//
//	journalctl SYSLOG_IDENTIFIER=shop STATUS=500 -o json
//
//	MESSAGE PRIORITY SYSLOG_FACILITY SYSLOG_IDENTIFIER SYSLOG_PID SYSLOG_TIMESTAMP   as in the other forms
//	LOGGER CODE_FILE CODE_LINE CODE_FUNC STACKTRACE                                  the rest of the zap entry
//	STATUS CLIENT_IP TAGS_0                                                          the fields status, client.ip, tags.0
//
// The journal accepts only names of capitals, digits and underscores, and silently drops others. So names are mapped: letters become
// capitals, every other character an underscore. An X is put before a name that would begin with a digit or an underscore,
// or that is one of the first two lines above. A name of more than 64 bytes ends in a hash. A name that the record already has gets a
// number: user.id and user_id become USER_ID and USER_ID_2. A record has at most 1,000 fields, and TRUNCATED=true if there were more.
// Values may contain line feeds, which need no escape here. A record that is larger than a datagram is passed in a sealed memory file.
// If a container's filter forbids that (memfd_create), a record of more than about 200 KiB is refused, unless MaxSize has it cut.
//
// # Safe for any content
//
// Whatever is logged, one record is one message:
//
//   - Header values are cleaned once, in New: printable ASCII, never longer than the RFC allows.
//   - Field keys that are no valid PARAM-NAME are mapped, values are escaped, invalid UTF-8 is repaired.
//   - NUL bytes, which end a message in many daemons, are written as \x00, except in Python's form over datagrams, which is
//     sent as Python sends it.
//   - Where a newline would end a frame (Newline, NUL) it is written as \n. With VisibleControls this goes for all control
//     characters, everywhere.
//   - A record larger than MaxSize is cut: first at the end of its message, which then ends in "...", then at the end of its fields,
//     which then end in truncated="true".
//
// # What receivers do with it
//
// Receivers do not always store a valid message as it was sent. Observed so far:
//
//	receiver                         what it does                                        what helps
//	a collector's rfc3164 parser     rejects control characters: the message is passed   VisibleControls, the default there
//	                                 on without time and severity
//	VictoriaLogs over UDP            reads a datagram line by line, so a line feed       VisibleControls
//	                                 begins another message
//	VictoriaLogs                     cuts a value of structured data at a line feed      VisibleControls
//	VictoriaLogs over TCP            hangs up at a time that 64 bits cannot hold         such a time is sent as "-"
//	a collector with octet counting  trims blanks at the end before it counts            preserve_trailing_whitespaces: true
//	syslog-ng                        makes an element of the part before a dot in a      Separator
//	                                 name; nested objects have such names
//	rsyslog's mmpstrucdata, and      keep only one, mostly the last, of names that are   UniqueNames
//	a collector                      equal except for case
//	rsyslog's imuxsock               stores its own time, whatever the header says       another input, or useSpecialParser="off"
//	systemd's journal                reads only RFC 3164 without a host name             Network "local"
//	syslog-ng                        accepts an eleventh TCP connection and closes it    max-connections()
//	rsyslog                          splits messages beyond its maxMessageSize, 8k       MaxSize, 8,096 by default
//	terminals                        obey escape sequences in a log                      VisibleControls
//
// # What may get lost
//
// With Network "relp" the receiver acknowledges each message, and unacknowledged messages are sent again over the next connection. So
// nothing is lost on the way; some may arrive twice, at most the 1,000 that may wait for an answer. rsyslog keeps what it has
// acknowledged in memory: without a disk queue of its own it loses that when it is killed.
//
// A poison record is a message at which the receiver hangs up each time, or which it never answers, although it answers others. It is
// identified, dropped, counted and reported. This takes a dozen connections or more, which Write, Sync and Close make. Behind an
// idle queue, which tries every 10 s, that is minutes.
//
// All other networks have no acknowledgement. A nil error from Write means that the kernel took the whole message. Over a unix socket
// that is the daemon's own queue; over TCP it is a buffer, which is lost when the daemon dies; over UDP it means little. The Core
// notices a peer that has left before it writes to it, reconnects when the peer is back, waits at most Timeout for a stalled one,
// and reports each failure once to OnError. With SequenceID each message carries a number, so the receiver can prove a loss: every
// gap is a record that was lost on the way or refused.
//
// Write waits for the network. A queue (package queuecore) in front of the Core makes it asynchronous, batched and retried. A record that
// the queue drops never reached the Core and has no number, so it leaves no gap. The queue counts it, and sends a record that says
// how many were dropped.
//
// # How long calls take
//
//	New, With, Check, Enabled, Stats   nothing but another call's lock
//	Write, WriteBatch                  Timeout for dialling, handshake and writing together; over a connection in use half as long
//	                                   again, but at most 1 s more. Calls waiting behind one that times out fail at once
//	Sync                               the same, for messages that are held
//	Close                              the same, for messages that are held. Then Timeout for closing RELP and TLS in order and, on
//	                                   Linux, until the daemon's system has acknowledged what was written, but at most 1 s in
//	                                   which it acknowledges nothing more. A stalled Write is ended
//
// # Where to look next
//
//	core.go ─┬─ defaults.go        a Config's checks and defaults
//	         ├─ unused.go          fields that would have no effect, which are errors
//	         ├─ formatter.go ─┬─ rfc5424.go   the three forms
//	         │                ├─ rfc3164.go
//	         │                ├─ python.go
//	         │                └─ journal.go   the journal's fields
//	         │                     ├─ structured.go, elements.go   fields as parameters
//	         │                     ├─ header.go, priority.go
//	         │                     ├─ timestamp.go                 always six digits
//	         │                     └─ escape.go                    control characters, quotes, UTF-8
//	         └─ emitter.go         sequence numbers, on top of netcore's Emitter
//	            local.go           finds the daemon's socket
//	            journal_linux.go   the journal's socket; journal_other.go says that there is none
//
// The page docs/receivers.md of the repository shows what real receivers do with what is sent to them.
package sysloghandler
