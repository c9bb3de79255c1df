// Package session is the protocol of acknowledged and signed frames, both sides of it: a client's frames each reach the server's
// target once, in order, over however many connections that takes, and none that was not signed with the key.
//
//	client                                        server
//	                                         ◄──  "zhn1" nonce (16)             with a key only
//	"zha2" session (16) first (8), framed    ──►                                hello; from here on with Ack only
//	                                         ◄──  last (8) limit (8)            welcome: what it has of this session, and its largest frame
//	frame last+1, frame last+2, …            ──►
//	                                         ◄──  last (8) …                    acknowledgements, now and then
//
// first is the number of the oldest frame that the client still holds. Frames carry no number: both sides count, from the
// welcome on. What the server has got over an earlier connection is in the welcome, and is not sent again; what an
// old connection still delivers meanwhile, the server knows by its number when it comes again, and drops.
//
// # States
//
// A frame at the client, in a [Window]:
//
//	added ──► written whole ──► acknowledged           it is delivered
//	  │            │  ▲
//	  │            └──┘ the connection ended: it is written again over the next
//	  ├──► taken back: the call that added it returns an error
//	  └──► dropped: a server that takes only smaller ones has replaced the one before
//
// A session at the server, in a [Registry]: unknown ──► known, at the first hello ──► forgotten, when 4,096 others were
// greeted since. One that is forgotten, as by a restart of the server, begins where the client's hello says, so that it may
// get a second time what it had not acknowledged.
//
// # Signatures
//
// A [Seal] signs what is sent, by HMAC-SHA-256: see there for what is signed. Frames cannot be forged, left out or replayed on a
// stream; datagrams can be replayed within a minute.
//
//	window.go    the client's frames, and what is acknowledged of them
//	resume.go    its hello, and acknowledgements as it reads them
//	suspect.go   the frame at which a peer of another protocol hangs up each time
//	registry.go  the server's sessions
//	seal.go      signatures, and the messages of the server
package session
