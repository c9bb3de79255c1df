// Package disklog keeps numbered records in the files of one folder: one writer, any number of readers, cursors by name.
//
//	LOCK                                 held by the Log that is open
//	00000000000000000001-5f3a09c1.records   records 1 to 8,000: every cursor is past them? the file goes
//	00000000000000008001-90be1c44.records   records 8,001 …, the file being appended to
//	cursor-n-target                      how far the reader of that name is
//
// format.go has the picture of a segment's bytes. The contract in one sentence: what Append returned nil for is read by every cursor
// once its number has come, unless the disk has changed its bytes; then the records whose bytes have changed are counted as damaged,
// and every other one is read.
//
// # States
//
// A segment is appended to, and only its end is ever written. What a killed process leaves behind the last whole record (a torn
// record, a write that came in part) is cut off when the folder is opened again. Numbers only rise: where two segments hold the
// same number the later one is right, and a reader leaves a segment where the next one begins. So after an error of fsync, which
// says nothing about what is on the disk, the records since the last good one are written again, to a new segment, which has ".new"
// behind its name until all of it is there; of segments with the same first number the one with the larger nonce is the later one.
// The segments that it replaces are removed from the oldest on; as long as one is left it is sealed, for what is left replaces it in turn when
// the folder is opened again. A segment that somebody has cut or removed, or that may not grow, is sealed: what comes goes into the next.
//
//	appended ──(fsync)──► safe ──(every cursor has passed)──► cursors synced ──► segment removed ──► folder synced
//	    └──(fsync fails)──► written again to a new segment
//
// A last segment of which nothing can be read is put aside (its name gets ".damaged") and told. Opening never fails because of what is in
// the files.
package disklog
