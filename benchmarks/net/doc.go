// Package net measures package netcore beside what people use instead (the same JSON through log/syslog, go-gelf,
// fluent-logger-golang, Python's SocketHandler) and beside the bare system call.
//
//	emit     a ready frame of 250 bytes by netcore's Emitter and by conn.Write
//	call     a whole logging call, each record by itself, by each client in its own format of the same text
//	queue    from the first logging call to the last byte in the kernel, through a queue; "backlog" leaves out the calls. The
//	         floor is 250 bytes again and again, framed by hand into 64 KiB writes
//	server   from WriteBatch at one end to the Target at the other. The floor is the same sender and a peer that forgets
//	stalled  a call in front of a queue of which the peer accepts and never reads
//
// "In turns" are rows of two that share the connection, or at least the peer: sockets of a kind differ more than what is asked
// here. What is measured includes the peer, which shares the cores. UDP is measured to the socket: a datagram that the peer's
// buffer had no room for is not seen from here.
package net
