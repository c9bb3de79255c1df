// Package syslog holds package sysloghandler against others: its messages against an RFC 5424 parser that knows nothing of
// it, its speed beside log/syslog, srslog and the bare system call.
//
//	go -C benchmarks test -fuzz FuzzParser -fuzztime 60s ./syslog
//
//	format   the bytes of one message, of a record that is there. capture is what a Core does before; with zap's encoder that
//	         is all
//	call     a whole logging call, each record by itself. A rival without fields gets a text of the same length, ready
//	batch    a record of a thousand that are handed over at once, as a queue does: with the making of the messages, and
//	         ready. The floor is the same message framed by hand into 64 KiB writes
//
// "In turns" are rows of two that share the peer: the ratio is closer than that of two rows. How a ready message is sent is
// measured in package net: that is netcore's Emitter.
//
// What is measured includes the peer, which shares the cores. UDP is measured to the socket: a datagram that the peer's
// buffer had no room for is not seen from here.
package syslog
