// Package session is the protocol of acknowledged and signed frames, both sides. Each frame of a client reaches the server's target
// once, in order, over as many connections as that takes, and with a key only if it was signed with that key.
//
//	client                                        server
//	                                         ◄──  "zhn1" nonce (16)             with a key only
//	"zha2" session (16) first (8), framed    ──►                                hello; from here on with Ack only
//	                                         ◄──  last (8) limit (8)            welcome: what it has of this session, and its largest frame
//	frame last+1, frame last+2, …            ──►
//	                                         ◄──  last (8) …                    acknowledgements, now and then
//
// first is the number of the oldest frame that the client still holds. Frames carry no number: both sides count from the
// welcome on. The welcome says which frames the server has got over earlier connections; these are not sent again. If an old
// connection delivers a frame while the new one sends it again, the server recognises its number and drops the duplicate.
//
// # States
//
// A frame at the client, in a [Window]:
//
//	added ──► written whole ──► acknowledged           it is delivered
//	  │            │  ▲
//	  │            └──┘ the connection ended: it is written again over the next
//	  ├──► taken back: the call that added it returns an error
//	  └──► dropped: the server was replaced by one that takes only smaller frames
//
// A session at the server, in a [Registry]: unknown ──► known, at the first hello ──► forgotten, when 4,096 others were
// greeted since. A forgotten session, for instance after a restart of the server, begins where the client's hello says, so the server may
// get what it had not acknowledged a second time.
//
// # Signatures
//
// A [Seal] signs by HMAC-SHA-256; its file has the layout. On a stream, frames cannot be forged, left out or replayed; datagrams can be
// replayed within a minute.
//
//	window.go    the client's frames, and which of them are acknowledged
//	resume.go    the client's hello, and reading acknowledgements
//	poison.go    the frame at which a peer of another protocol hangs up each time
//	registry.go  the server's sessions
//	seal.go      signatures, and the server's messages
package session
