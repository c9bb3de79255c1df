// Package disklog keeps numbered records in the files of one folder, the segments: one writer, any number of readers, cursors by name.
//
//	LOCK                                    locked by the Log that is open
//	00000000000000000001-5f3a09c1.records   records 1 to 8,000: removed when every cursor has passed them
//	00000000000000008001-90be1c44.records   records 8,001 …: the file that is appended to
//	cursor-n-target                         how far the reader of that name is
//
// format.go has the picture of a segment's bytes. The contract: every cursor gets each record for which Append returned nil, in the
// order of the numbers. If the disk has changed bytes, the records with changed bytes are counted as damaged, and all others are read.
//
// # States
//
// Only the end of the last segment is ever written. Bytes that a killed process has left behind the last intact record are cut off when
// the folder is opened again.
//
// Numbers only rise. If two segments hold the same number, the later segment is right: a reader leaves a segment at the number with
// which the next one begins. A segment is later if its first number is larger or, with the same first number, its nonce.
//
// After a failed fsync nobody knows what is on the disk. So the records since the last good fsync are written again to a new segment,
// whose name ends in ".new" until it is complete. Then the segments that it replaces are removed, from the oldest on. While one of them
// is left, the new segment is sealed: nothing more is appended to it, because at the next opening the segment that is left would replace
// it. A segment is also sealed, and another begun, if somebody has cut or removed it, or if the system lets it grow no more.
//
//	appended ──(fsync)──► safe ──(every cursor has passed)──► cursors synced ──► segment removed ──► folder synced
//	    └──(fsync fails)──► written again to a new segment
//
// A last segment without a readable record is put aside (its name gets ".damaged") and reported. Opening never fails because of what is
// in the files.
package disklog
