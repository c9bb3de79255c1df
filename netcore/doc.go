// Package netcore sends log records over sockets and receives them. It has Python's SocketHandler and DatagramHandler as a
// zapcore.Core, and a Server: the receiver that Python only sketches in its logging cookbook.
//
//	core, err := netcore.New(netcore.Config{Address: "logs.example.com:9020", TLS: &tls.Config{}})
//	if err != nil {
//		return err
//	}
//	defer core.Close()
//	logger := zap.New(core)
//
// A [Core] connects when the first record is written: over TCP, UDP or a unix socket, with TLS if configured. An Encoder (any of
// zap's; JSON by default) or a Formatter makes the bytes of a record: [Records] for a [Server], [Pickle] for Python, [Forward] for
// Fluentd and everything else that speaks its protocol, [GELF] for Graylog. The [Framing] separates the records of a stream.
//
//	zap.Logger ─► Core ── frames ──► TCP, UDP, unix ──► Server ─► any zapcore.Core
//	                Pickle() ──────────────────────────► Python's cookbook receiver
//	                Forward(…), GELF(…) ───────────────► Fluentd, Fluent Bit, collectors; Graylog
//	Python's SocketHandler, DatagramHandler ──────────► Server, FormatPickle
//
// # What Write promises
//
// Write returns nil once the kernel has taken the whole frame. Otherwise it returns an error, and the record counts as refused. A
// destination that is unreachable or too slow is left alone for a while, by Python's rule: RetryStart, doubled up to RetryMax. During
// that backoff Write returns the same error at once and accepts nothing. So do not put a Core that may be slow on the path of a
// request: put package queuecore in front of it, which also retries.
//
// A frame arrives whole or not at all. It is complete before its first byte leaves. A connection that took only part of a frame
// is closed, and the whole frame is sent once more, over a new connection. Separators inside a record are escaped, so nothing that
// is logged can forge a second record.
//
// # How long calls block
//
//	Write, WriteBatch      Timeout for all steps together: name lookup, dialling, TLS, the greetings of Key and Ack, the 5 to 50 ms
//	                       in which a peer that hangs up at once is detected, writing, and waiting for room in the Window.
//	                       On a connection already in use half as long again, but at most 1 s more. Behind a call that times
//	                       out: twice that. Calls take turns, so behind a Sync, or behind calls that are slow and succeed, add
//	                       the time those take. A lookup that outlasts its call continues, and the next call uses its result
//	Sync                   with Ack, Timeout for the confirmations; without Ack nothing
//	Close                  with Ack, Timeout for the confirmations; if frames have yet to be written, half as long again, but at most
//	                       1 s more. Then Timeout for closing RELP and TLS in order and, on Linux, until the peer's system has
//	                       acknowledged what was written, but at most 1 s in which it acknowledges nothing more. A Write
//	                       under way is interrupted and returns ErrClosed
//	Stats                  as long as the Write under way
//	NewServer              10 s to look up the name in Address, and 1 s for a socket file that was left behind
//	Server.Serve           until Shutdown or Close
//	Server.Shutdown        until its context ends
//	Server.Close           5 s for Target to return
//	a Server's connection  10 s for the handshakes of TLS and Key, 5 minutes for a frame that has begun, IdleTimeout between frames
//	                       and for the greeting of Ack, 6 s until a client takes a confirmation. Target must have its own bound
//
// A connection that your Dial returns must obey its deadlines, and Close. A function in the TLS configuration may take three quarters
// of Timeout; one that logs to this core is stuck for that long.
//
// # What gets lost without Ack
//
// Once the kernel has taken a record, an error may come too late. A peer that crashes or resets the connection loses what it had
// not read, and this side cannot know how much that was. The Core does what is possible:
//
//   - It reads from the connection, so it notices a peer that has closed before it writes the next record. (A client that only
//     writes loses every second record to a server that closes after each.)
//   - It waits for a moment on a new connection, because a proxy without a backend, or a daemon with too many connections,
//     accepts and hangs up. If the host has another address, the next connection goes there.
//   - It reports a reset to OnError, also one that follows an orderly end of TLS. Records known to be lost then count as Dropped instead of
//     Delivered: those that the peer's system has not acknowledged (where the system tells, on Linux), at least the record sent last
//     if that was less than RetryStart before, and all if the connection lasted less than RetryStart, or if the peer refuses the
//     certificate of this side.
//   - On Linux it gives up a connection whose peer has vanished without a word (switched off, or forgotten by a gateway): when
//     the peer's system has acknowledged nothing for 150 times Timeout, or when a Write or Close has waited for it in vain.
//     The system itself would try for a quarter of an hour and take everything written meanwhile. What is not acknowledged
//     counts as Dropped, although part of it may still arrive if the network comes back, since the system continues for a while.
//
// On Windows the Core cannot ask the kernel: a record written at the very moment in which the peer leaves is lost there
// without a sign.
//
// Success proves little where nothing is confirmed. So after a failure OnError hears of the recovery only when writes have succeeded
// for RetryStart.
//
// # What Ack adds
//
// With Ack these records are not lost. Frames are numbered, and the Server confirms those that its target has taken. Unconfirmed frames are
// sent again over the next connection; the Server knows their numbers and drops duplicates. The price is a greeting for each
// connection, and memory for the Window, which holds the unconfirmed frames.
//
// Write waits only when the Window is full. Sync and Close wait for the confirmations. In Stats a record is Pending until it is
// confirmed, then Delivered. A connection that brings no confirmation for 60 times Timeout while calls wait for one is given up.
// The Server says how large a frame it takes: a larger record is refused, and the others go on.
//
// Two limits remain. A restarted Server has forgotten its clients and may deliver again what it had not confirmed. And if the program
// logs nothing more, pending records are sent again only at the next Write, Sync or Close.
//
// [Forward] has acknowledgements too, but no numbers, so a frame that is sent again may arrive twice. A record that the receiver never
// acknowledges, or at which it hangs up each time (a poison record), is identified, dropped, counted and reported.
//
// # Datagrams
//
// Datagrams get lost without a sign. If the peer's system answers that nobody listens (Go hides this on Windows), a Core over
// UDP goes to the next address of the name, and after the last address into the backoff. Datagrams known to be lost by then count as
// Dropped. A name is looked up again every 10 s.
//
// # What a Server makes of a pickle
//
// A Server with FormatPickle takes a value from what is in the frame, at any depth:
//
//	enum; subclass of str, int, list or dict   its base value, without attributes of its own
//	namedtuple, range                          a list of its arguments
//	dataclass, other object                    its attributes
//	Counter, defaultdict, deque, array         its items
//	path, Fraction, UUID, IP address           a text
//	exception                                  its class and its arguments: KeyError: k
//	datetime with a ZoneInfo or pytz zone      an instant if this machine's time zone database has the zone; else a text, the local
//	                                           time with the zone's name behind it
//	NumPy's longdouble, clongdouble            a number if it was written on amd64 or 386, except for a few values that may
//	                                           come from another machine; bytes if it was written elsewhere, in another format
//	class, function: no data in the frame      its name
//
// A level or a name that is an enum counts as the enum's value.
//
// # Security
//
// TLS verifies the server; give certificates to both sides if they are to know each other. With a Key every frame is signed by
// HMAC-SHA-256 over its payload, its number, and a nonce that the server chose for the connection, so frames cannot be forged,
// left out or replayed. Datagrams carry their time instead, and can be replayed within a minute. A Key does not encrypt.
//
// A Server expects the worst of whoever reaches its port:
//
//   - It unpickles without executing anything. What a frame may cost is bounded in bytes, values, depth and digits, and a value that
//     a pickle shares counts as often as it occurs. A value beyond a bound costs that value, not its record.
//   - The number of connections, the time for a frame, and memory are limited.
//   - An idle connection is kept, because a client that only writes would lose its next records. If there are too many
//     connections, the one idle the longest is closed.
//   - An unreadable frame is reported and counted. It costs the sender its connection only if the stream can no longer be framed,
//     if the Key differs, or if the client has Ack and the Server has not. Such a connection ends with a reset, so that a
//     client without confirmations does not count as delivered what nobody reads.
//   - A header of the PROXY protocol before the first frame is reported and skipped. Before TLS it makes the handshake fail.
//
// # Differences from Python
//
// SocketHandler silently loses the record whose write fails, and every record while the server is away. Here Write returns an
// error, and a record that an old connection does not take goes to a new one. SocketHandler writes to a connection that the peer
// has closed; the Core checks first. SocketHandler starts its backoff anew after every success; here the success must last
// as long as the last delay, so that a server that accepts and hangs up is not hammered. SocketHandler has no UDP over IPv6, no TLS,
// and only its own framing. CRITICAL arrives as DPanic, zap's level for particularly important errors; zap's DPanic, Panic and
// Fatal are sent as CRITICAL.
//
// # Where to look next
//
//	core.go ── emitter_config.go ── emitter.go ─┬─ send.go       frames onto a connection, whole
//	                                            ├─ acked.go      the same, until they are confirmed
//	                                            └─ failures.go   failures that no caller hears of
//	server.go ── server_config.go ── listen.go ─┬─ serverconn.go, server_frames.go   a stream
//	                                            └─ batcher.go    frames to records, and to Target
//	framing.go      where a record ends, for both ends
//	pickle.go       writing Python's LogRecord, with pickler.go
//	logrecord.go    reading it, with value.go
//	forward.go      Fluent Forward
//	gelf.go         GELF
//	internal/connection   dialling, TLS, addresses, deadlines, and how a connection ended
//	internal/session      Ack and Key: the protocol of both sides
//	internal/relp         RELP, for sysloghandler
//	internal/forward      Fluent Forward: entries, messages, answers; built on internal/msgpack
//	internal/gelf         GELF: messages, chunks
//	internal/pickle       Python's pickles, written and read
//
// To add a protocol, write a package in internal, and a Formatter that stands for it, as Forward and GELF return. Then extend:
//
//   - Config.check and Config.streamFraming: the fields it excludes, and its framing.
//   - Config.emitter: pass its settings and its port in a field of EmitterConfig.
//   - EmitterConfig.checkFraming, check and checkSession: refuse the fields that it excludes.
//   - send.go: wire gets its client. Emitter.handshake opens it, wire.appendFrame and Emitter.fill put frames on the connection
//     through it, wire.endSession closes it in order.
//   - If its receiver acknowledges: NewEmitter makes a session.Window, the client tells it each answer, and
//     EmitterConfig.searchesPoison says whether poison records have to be identified.
//
// A protocol that only marks where a record ends is a [Framing].
//
// The page docs/receivers.md of the repository shows what real receivers do with what is sent to them.
package netcore
