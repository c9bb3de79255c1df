// Package tape is one log record as bytes, and all that writes, checks and reads them.
//
//	zap's Entry and Fields ──Recorder──► tape ──Cursor──► an encoder's methods, Fields, JSON
//	bytes from outside     ──Check─────►  ▲
//
// What is on a tape points nowhere else, so what the program changes afterwards cannot change it; what Check accepts, a Cursor
// walks without looking again. The picture of the bytes is in tape.go.
//
//	tape.go      the form, and the Cursor that walks it
//	recorder.go  zap's ObjectEncoder and ArrayEncoder, which write nodes
//	capture.go   entries, and fields in order
//	plain.go     the short way for fields of plain data
//	texts.go     what comes down to a text: errors, Stringers, lists of strings
//	put.go       texts and nodes where there is room for them
//	check.go     the one reader that believes nothing
//	replay.go    a tape into an encoder, or into Fields
//	nodes.go     parts of a tape as zap's marshalers
//	zone.go      the zones of times
package tape
