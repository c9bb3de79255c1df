// Package net measures package netcore beside what people use instead (the same JSON through log/syslog, go-gelf,
// fluent-logger-golang, Python's SocketHandler) and beside the bare system call.
//
//	emit     a ready frame of 250 bytes by netcore's Emitter and by conn.Write
//	call     a whole logging call, each record by itself, by each client in its own format of the same text
//	queue    from the first logging call to the last byte in the kernel, through a queue; "backlog" leaves out the calls. The
//	         floor is 250 bytes again and again, framed by hand into 64 KiB writes
//	server   from WriteBatch at one end to the Target at the other. The floor is the same sender with a peer that discards all
//	stalled  a call in front of a queue whose peer accepts the connection and never reads
//
// Rows "in turns" share the connection, or at least the peer, because two sockets of a kind differ by more than what is measured
// here. The measurement includes the peer, which shares the cores. UDP is measured up to the socket: a datagram that the peer's
// buffer had no room for is not noticed.
package net
