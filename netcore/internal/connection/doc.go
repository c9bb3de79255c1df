// Package connection opens connections to one destination, one after the other, and judges how each ended. A connection that
// [Dialer.Open] returns has passed its handshakes, and takes whole frames until it ends. Frames known to be lost with it are counted.
//
//	address ──► name lookup ──► dial ──► TLS ──► handshake ──► grace ──► open ──► ended
//	               │             │        │          │           │         │
//	               └─────────────┴────────┴──────────┴───────────┘         └ by Close: in order
//	                       an error from Open, within its deadline         └ by End: see Ending
//
// The handshake is a function of the Config: the greetings that precede the first frame. The grace is a moment in which a peer that
// accepts and hangs up is noticed before anything is written to it.
//
// A stream has a goroutine that reads. It notices a peer that has gone, before the next frame is lost to it, and passes on
// what the peer sends. Datagrams have no such goroutine. There the system may report, with the next datagram, that the last one was
// refused; then the next address of the name is dialled. The name is looked up again from time to time.
//
// A connection that fails before it has lasted for Config.Hold is reopened at once the first time. After the next such failure in a row,
// Ending says that the destination is to be left alone.
//
//	dialer.go       one connection after the other, and interrupting them
//	open.go         opening one: dial, TLS, handshake, grace
//	conn.go         an open connection: writing, deadlines, whether the peer is there
//	silence.go      a peer whose system has stopped acknowledging
//	ending.go       how a connection ended, and what is lost
//	address.go      which addresses are valid
//	names.go        the addresses of a name, for datagrams
//	tls.go          a client certificate that TLS 1.3 refuses late
//	errors.go       errors that read the same each time
//	peek_….go, errno_….go, outgoing_….go    what differs between systems
package connection
