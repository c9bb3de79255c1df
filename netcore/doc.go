// Package netcore sends records over sockets, and receives them: Python's SocketHandler and DatagramHandler as a
// zapcore.Core, and the receiver that Python leaves to its cookbook as a Server.
//
//	core, err := netcore.New(netcore.Config{Address: "logs.example.com:9020", TLS: &tls.Config{}})
//	log := zap.New(core)
//	defer core.Close()
//
// A [Core] connects at the first record, over TCP, UDP or a unix socket, with TLS if asked. What it sends is up to the Encoder
// (any of zap's, JSON by default) or the Formatter: [Records] for a [Server] here, [Pickle] for Python, [Forward] for Fluentd and those
// that speak its protocol, [GELF] for Graylog. How a stream is cut into
// records is up to the [Framing].
//
//	zap.Logger ─► Core ── frames ──► TCP, UDP, unix ──► Server ─► any zapcore.Core
//	                Pickle() ──────────────────────────► Python's cookbook receiver
//	                Forward(…), GELF(…) ───────────────► Fluentd, Fluent Bit, collectors; Graylog
//	Python's SocketHandler, DatagramHandler ──────────► Server, FormatPickle
//
// # What Write promises
//
// Write returns nil when the kernel has the whole frame, and an error when it has not: then the record counts as refused, and the
// caller knows. A destination that cannot be reached, or that is too slow, is left alone for a while, by Python's rule (RetryStart,
// doubled up to RetryMax); meanwhile Write returns one and the same error at once and nothing is accepted. So do not put a Core
// that may be slow on the path of a request: put package queuecore in front of it, which retries too.
//
// A frame is whole or it is not there. It is complete before its first byte leaves; a connection that took part of it is closed,
// and the whole frame goes to the next one, once. Separators inside a record are escaped, so that nothing that is logged can
// forge a second record.
//
// # What blocks, and for how long
//
//	Write, WriteBatch      Timeout for all of: looking up the name, dialling, TLS, the greetings of Key and Ack, the moment
//	                       (5 to 50 ms) in which a peer that hangs up at once is seen, writing, and room in the Window; on
//	                       a connection in use half as long again, but at most a second more. Behind a call that waits
//	                       in vain: twice that; where a Sync waits too, or calls are slow and succeed, as long as these take:
//	                       they come in turn. A lookup that takes longer goes on, and the next call has what it finds
//	Sync                   Timeout with Ack, for the confirmations; else nothing
//	Close                  Timeout with Ack, with what is still to be written half as long again, but at most a second more; and
//	                       Timeout once more for the good-byes of RELP and TLS and, on Linux, until the peer's system has what was
//	                       written, but a second at most if that takes nothing; it interrupts a Write, which returns ErrClosed
//	                       Functions of a TLS configuration have three quarters of it, and wait until then if they log to this core
//	Stats                  as long as the Write that it has to wait for
//	NewServer              10 s for the name in Address, and 1 s for a socket file that was left behind
//	Server.Serve           until Shutdown or Close
//	Server.Shutdown        its context
//	Server.Close           5 s for Target to return
//	a Server's connection  10 s for the handshakes of TLS and Key, 5 minutes for a frame that was begun, IdleTimeout between frames
//	                       and for the greeting of Ack, 6 s for a client to take a confirmation; Target has to have a bound of
//	                       its own
//
// A connection that a Dial of yours returns has to heed its deadlines, and Close.
//
// # What TCP cannot tell
//
// Once the kernel has a record, an error can come too late: a peer that crashes, or resets the connection, takes with it what it had not
// read, and nobody on this side can say how much that was. The Core does what can be done. It reads from the connection, so it sees a peer
// that closed before it writes the next record (a client that only writes loses every second record to a server that closes after each),
// and it waits for a moment on a new one, because a proxy without a server, or a daemon that has enough connections, accepts and hangs up.
// If the host has another address, the next connection goes there. A reset, be it behind the last word of TLS, is reported to OnError,
// and what is known to be lost with it counts as Dropped and no longer as Delivered: what the peer's system did not acknowledge (on
// Linux, which tells), at least the record that was sent last if that was less than RetryStart before, and all if the connection did
// not last for that, or if the peer refuses the certificate of this side. On Windows it cannot ask the kernel, so a record that is
// written in the very moment in which the peer leaves is lost there without a sign. A peer that is gone without a word, as one that is off,
// or whose connection a gateway has forgotten, does not end it: the system tries for a quarter of an hour, and takes what is written
// meanwhile. On Linux the Core gives the connection up when the peer's system has acknowledged nothing for 150 times Timeout, or when a
// Write, or Close, has waited for it in vain. What it has not acknowledged then counts as Dropped, though a part of it may arrive if the
// network comes back: the system goes on for a while.
//
// With Ack nothing is lost so. Frames are numbered, the Server confirms what its target has taken, and what is not confirmed is
// sent again over the next connection; the Server knows the numbers and drops what it has already. It costs a greeting for each
// connection and the memory of the Window, in which what is not confirmed is held. Write waits only when the Window is full; Sync
// and Close wait for the confirmations; Stats counts a record as delivered when it is confirmed, and as pending before. A connection
// that brings no confirmation for 60 times Timeout, while calls wait for one, is given up, as one that a gateway has forgotten. What
// remains: a Server that was restarted has forgotten its clients, and may deliver a second time what it had not confirmed; and what
// is pending when the program logs nothing more is sent again at the next Write, Sync or Close. The Server says how large a frame
// it takes; a larger record is refused, and the others go on.
//
// Datagrams get lost without a sign. If the peer's system says that nobody listens (on Windows, Go keeps that to itself), a Core
// over UDP goes to the next address of the name, and after the last of them into the backoff; what it had sent before counts as
// Dropped as far as it knows. A name is looked up again each 10 s.
//
// Where nothing is confirmed, success proves little. So OnError hears that things work again only after they have for RetryStart.
//
// With Forward too, Ack is that the receiver acknowledges; but it numbers nothing, so what is sent again may arrive twice. A record
// that it never acknowledges, or at which it hangs up each time (a poison record), is found, dropped, counted and told; see [Forward].
//
// # What a pickle holds
//
// A Server with FormatPickle gives a value as what stands in the frame, at any depth: enums, subclasses of str, int, list or dict
// as their base value (without attributes of their own), namedtuples and ranges as lists of their arguments, dataclasses and other
// objects as their attributes, Counter, defaultdict, deque and array as their items, paths, fractions, UUIDs and IP addresses as
// texts, exceptions as their class and their arguments (KeyError: k). A datetime whose tzinfo is a ZoneInfo, or one of pytz, is an
// instant if this machine's time zone database has the zone; else it is a text, the clock's time with the zone's name behind it.
// What holds no data that is in the frame (a class, a function) is its name. NumPy's longdouble and clongdouble are numbers if they were
// written on amd64 or 386, but for a few that may be of another machine; there they have another format, and are bytes here. A level or a
// name that is an enum's counts as what it stands for.
//
// # Security
//
// TLS verifies the server; give certificates for both sides to know each other. With a Key, each frame is signed by
// HMAC-SHA-256 over a number that the server chose for the connection and the frame's own, so frames cannot be forged, left out or
// replayed; datagrams carry their time instead, and can be replayed within a minute. A Key does not encrypt.
//
// A Server expects the worst of whoever reaches its port. It unpickles without executing anything; what a frame may cost is
// bounded in bytes, values, depth and digits, counting what a pickle shares as often as it occurs (a value beyond a bound costs that
// value, not its record); connections, the time for a frame, and memory are limited. A connection that is merely idle is kept,
// because a client that only writes would lose its next records; it is ended when there are too many, the longest idle first. A
// frame that cannot be read is reported and counted, and costs the sender its connection only where the stream can no longer be
// framed, or is that of a client with another Key, or with Ack where there is none. That ends with a reset, so that a client to which
// nothing is confirmed does not take for delivered what nobody reads. A header of the PROXY protocol before the first frame is reported
// and left out; before TLS it is in the way.
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
// # How the files hang together
//
//	core.go ── emitter_config.go ── emitter.go ─┬─ send.go       frames onto a connection, whole
//	                                            ├─ acked.go      the same, until they are confirmed
//	                                            └─ failures.go   what no caller is told
//	server.go ── server_config.go ── listen.go ─┬─ serverconn.go, server_frames.go   a stream
//	                                            └─ batcher.go    frames to records, and to Target
//	framing.go      where a record ends, at both ends
//	pickle.go       Python's LogRecord as it is sent; pickler.go, value.go
//	logrecord.go    and as it is read
//	forward.go      Fluent Forward
//	gelf.go         GELF
//	internal/connection   dialling, TLS, addresses, deadlines, and how a connection ended
//	internal/session      Ack and Key: the protocol of both sides
//	internal/relp         RELP, for sysloghandler
//	internal/forward      Fluent Forward: entries, messages, answers; internal/msgpack is what they are made of
//	internal/gelf         GELF: messages, chunks
//
// Another protocol is a package in internal and a Formatter that stands for it, as those that Forward and GELF return. Four places get
// a case for it: Config.withDefaults says what does not go with it, and which framing it has; Config.emitter hands its settings and its
// port to a field of EmitterConfig; EmitterConfig.checkFraming, check and checkSession refuse there what excludes it; and in send.go
// the wire gets its client: Emitter.handshake opens that, wire.appendFrame and Emitter.fill have it put frames on the connection,
// wire.endSession says good-bye. If its receiver acknowledges, NewEmitter makes a session.Window, which the client tells of each answer,
// and EmitterConfig.suspects says whether poison records have to be found. A protocol that only marks where a record ends is a [Framing].
//
// What the receivers that were run really do with what is sent to them is on the page docs/receivers.md of the repository.
package netcore
