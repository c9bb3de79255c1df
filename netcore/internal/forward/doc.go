// Package forward speaks Fluent Forward, version 1, as Fluentd and Fluent Bit do:
// https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1. It is a client that sends records in Forward mode, many
// in one message, and learns from the receiver which messages it has.
//
//	client                                                        receiver
//	                                                         ◄──  ["HELO", {nonce, auth, keepalive}]         with a key only
//	["PING", host, salt, digest, user, digest]               ──►
//	                                                         ◄──  ["PONG", true, "", host, digest]
//	[tag, [entry, entry, …], {"size": 2, "chunk": "b64…"}]   ──►
//	                                                         ◄──  {"ack": "b64…"}                            with a chunk only
//
// An entry is [time, {"level": "info", "message": "…", field: value, …}], the time being extension 0: seconds and nanoseconds, 32 bits
// each. A [Formatter] makes one of a record; a [Client] is one connection's, and puts them into messages.
//
// A chunk is a message's 16 bytes in base64: its number on the connection and the number of its last frame at the caller's window, both
// hidden behind random bytes that the connection has for itself, so that no two chunks anywhere are the same and an answer says
// by itself what was answered. Answers may come in any order; what is acknowledged is what was answered without a gap.
//
//	formatter.go  entries
//	client.go     messages and answers
//	handshake.go  what comes before them with a key: each side shows that it knows it, by SHA-512, and does not send it
package forward
