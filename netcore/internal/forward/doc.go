// Package forward is a client for Fluent Forward, version 1, as Fluentd and Fluent Bit speak it:
// https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1. It sends records in Forward mode, many in one message,
// and learns from the receiver which messages have arrived.
//
//	client                                                        receiver
//	                                                         ◄──  ["HELO", {nonce, auth, keepalive}]         with a key only
//	["PING", host, salt, digest, user, digest]               ──►
//	                                                         ◄──  ["PONG", true, "", host, digest]
//	[tag, [entry, entry, …], {"size": 2, "chunk": "b64…"}]   ──►
//	                                                         ◄──  {"ack": "b64…"}                            with a chunk only
//
// An entry is [time, {"level": "info", "message": "…", field: value, …}]. The time is extension 0: seconds and nanoseconds of 32 bits
// each. A [Formatter] makes an entry of a record. A [Client] belongs to one connection and puts entries into messages.
//
// A chunk is the id of a message: 16 bytes in base64. It holds the message's number on the connection, the number of its last frame at the
// caller's window, and its count of frames, masked with random bytes of the connection. So no two chunks anywhere are the same, and
// an answer itself says which message it is about. Answers may come in any order; acknowledged is what was answered without a gap.
//
//	formatter.go  entries
//	client.go     messages and answers
//	handshake.go  the handshake with a key: each side proves by SHA-512 that it knows the key, without sending it
package forward
