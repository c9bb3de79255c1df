// Package connection opens connections to one destination, one after the other, and says what became of each: the connection
// that [Dialer.Open] returns has passed its handshakes and takes whole frames until it ends, and what is known to be lost with it is
// counted.
//
//	address ──► name lookup ──► dial ──► TLS ──► handshake ──► grace ──► open ──► ended
//	               │             │        │          │           │         │
//	               └─────────────┴────────┴──────────┴───────────┘         └ by Close: in order
//	                       an error from Open, within its deadline         └ by End: see Ending
//
// The handshake is the user's: greetings that come before the first frame. The grace is a moment in which a peer that accepts
// and hangs up is seen before anything is written to it.
//
// A stream has a goroutine that reads. It sees a peer that has gone before the next frame is written into the void, and hands on
// what the peer says. Datagrams have none; there the system may say with the next one that the last was refused, and then the
// next address of the name is dialled. It is looked up again from time to time.
//
// A connection that failed before it had lasted for Config.Hold is opened again at once the first time; after the next such
// Ending says that the destination is to be left alone.
//
//	dialer.go       one connection after the other, and interrupting them
//	open.go         opening one: dial, TLS, handshake, grace
//	conn.go         an open connection: writing, deadlines, whether the peer is there
//	silence.go      a peer whose system acknowledges nothing any more
//	ending.go       how it ended, and what is lost
//	address.go      what can be an address
//	names.go        the addresses of a name, for datagrams
//	tls.go          a client certificate that TLS 1.3 refuses late
//	errors.go       errors that read the same each time
//	peek_….go, errno_….go, outgoing_….go    what systems do differently
package connection
