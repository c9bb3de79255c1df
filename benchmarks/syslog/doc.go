// Package syslog checks the messages of package sysloghandler with an independent RFC 5424 parser, and measures its speed beside
// log/syslog, srslog and the bare system call.
//
//	go -C benchmarks test -fuzz FuzzParser -fuzztime 60s ./syslog
//
//	format   making one message from an existing record. "capture" is what a Core does before; with zap's encoder that is all
//	call     a whole logging call, each record by itself. A rival without fields gets a ready text of the same length
//	batch    one record of a thousand that are handed over at once, as by a queue: with making the messages, and with ready
//	         ones. The floor is the same message framed by hand into 64 KiB writes
//
// Rows "in turns" share the peer: their ratio is more exact than that of two separate rows. Sending a ready message is measured in
// package net, because netcore's Emitter does it.
//
// The measurement includes the peer, which shares the cores. UDP is measured up to the socket: a datagram that the peer's
// buffer had no room for is not noticed.
package syslog
