// Package tape writes, checks and reads tapes: one log record as bytes.
//
//	zap's Entry and Fields ──Recorder──► tape ──Cursor──► an encoder's methods, Fields, JSON
//	bytes from outside     ──Check─────►  ▲
//
// A tape contains no pointers, so nothing that the program changes afterwards can change it. A Cursor walks a tape that Check has
// accepted, or a Recorder has written, without checks. The picture of the bytes is in tape.go.
//
//	tape.go      the format, and the Cursor that walks it
//	recorder.go  the Recorder, which writes nodes; encoder.go has its methods of zap's ObjectEncoder and ArrayEncoder
//	capture.go   writing an entry, and fields in order
//	plain.go     the fast path for fields of plain data
//	texts.go     fields that become texts: errors, Stringers, lists of strings
//	errors.go    errors with their types
//	raw_json.go  json.RawMessage, which must not become a string
//	put.go       writing texts and nodes into memory that has room
//	check.go     Check, for bytes from outside
//	replay.go    from a tape to an encoder, or to Fields
//	nodes.go     parts of a tape as zap's marshalers
//	names.go     a hash of the names of fields
//	zone.go      the zones of times
package tape
