// Package netcore sends records over sockets, and receives them: Python's SocketHandler and DatagramHandler as a
// zapcore.Core, and the receiver that Python leaves to its cookbook as a Server.
//
//	core, err := netcore.New(netcore.Config{Address: "logs.example.com:9020", TLS: &tls.Config{}})
//	log := zap.New(core)
//	defer core.Close()
//
// A [Core] connects at the first record, over TCP, UDP or a unix socket, with TLS if asked. What it sends is up to the Encoder
// (any of zap's, JSON by default) or the Formatter: [Records] for a [Server] here, [Pickle] for Python. How a stream is cut into
// records is up to the [Framing].
//
//	zap.Logger ─► Core ── frames ──► TCP, UDP, unix ──► Server ─► any zapcore.Core
//	                Pickle() ──────────────────────────► Python's cookbook receiver
//	Python's SocketHandler, DatagramHandler ──────────► Server, FormatPickle
//
// # What Write promises
//
// Write returns nil when the kernel has the whole frame, and an error when it has not: then the record counts as refused, and
// the caller knows. It takes no longer than Timeout, but for a half of it more on a connection that is in use. A
// destination that cannot be reached, or that is too slow, is left alone for a while, by Python's rule (RetryStart, doubled up to
// RetryMax); meanwhile Write returns one and the same error at once and nothing is accepted. So do not put a Core that may be slow
// on the path of a request: put package queuecore in front of it, which retries too.
//
// A frame is whole or it is not there. It is complete before its first byte leaves; a connection that took part of it is closed,
// and the whole frame goes to the next one, once. Separators inside a record are escaped, so that nothing that is logged can
// forge a second record.
//
// # What TCP cannot tell
//
// Once the kernel has a record, an error can come too late: a peer that crashes, or resets the connection, takes with it what
// it had not read, and nobody on this side can say how much that was. The Core does what can be done. It reads from the
// connection, so it sees a peer that closed before it writes the next record (a client that only writes loses every second
// record to a server that closes after each), and it reports a reset to OnError. What was in flight is lost. On Windows it
// cannot ask the kernel as well, so a record that is written in the very moment in which the peer leaves is lost there, too.
//
// With Ack nothing is. Frames are numbered, the Server confirms what its target has taken, and what is not confirmed is sent again
// over the next connection; the Server knows the numbers and drops what it has already. Write does not wait for that, Sync and
// Close do; Stats counts a record as delivered when it is confirmed, and as pending before. What remains: a Server that was
// restarted has forgotten its clients, and may deliver a second time what it had not confirmed; and what is pending when
// the program logs nothing more is sent again at the next Write, Sync or Close.
//
// Datagrams get lost without a sign. A Core over UDP reports to OnError that nobody listens, if the peer's system says so
// (on Windows, Go keeps that to itself).
//
// # Security
//
// TLS verifies the server; give certificates for both sides to know each other. With a Key, each frame is signed by
// HMAC-SHA-256 over a number that the server chose for the connection and the frame's own, so frames cannot be forged, left out or
// replayed; datagrams carry their time instead, and can be replayed within a minute. A Key does not encrypt.
//
// A Server expects the worst of whoever reaches its port. It unpickles without executing anything; what a frame may cost is
// bounded in bytes, values, depth and digits, before and after what a pickle shares is written out; connections, idle time and
// memory are limited. A frame that cannot be read is reported and counted, and costs the sender its connection only where the
// stream can no longer be framed.
//
// # Differences from Python
//
// SocketHandler loses the record whose write fails, and every record while the server is away, in silence; Write returns an
// error, and a record that an old connection does not take goes to a new one. SocketHandler writes to a connection that the peer
// has closed; the Core looks first. SocketHandler begins its backoff anew after every success; here the success must have lasted
// as long as the last delay, so that a server that accepts and hangs up is not hammered. It has no UDP over IPv6, no TLS, no
// framing but its own. CRITICAL arrives as DPanic, zap's level for what is particularly important; zap's DPanic, Panic and
// Fatal leave as CRITICAL.
//
// What the receivers that were run really do with what is sent to them is on the page docs/receivers.md of the repository.
package netcore
