// Package segments is a queue of records on a disk: files that are appended to, cursors that follow, and files that go when every
// cursor has passed them.
//
//	DIR/lock                      held (flock) by the one process that has the queue
//	DIR/00000000000000000001.seg  records 1 to n, and …
//	DIR/000000000000000000n1.seg  … those that follow, the last one still written
//	DIR/636f6c6c6563746f72.cur    the cursor "collector", in hex: what its reader has acknowledged
//	DIR/….damaged                 a segment whose header could not be read
//	DIR/….seg.new                 one that is being made
//
// A segment:
//
//	0       8       12     16         24     28
//	├───────┼───────┼──────┼──────────┼──────┼──── ─ ─       length    the tape's, in bytes
//	│magic  │version│ salt │ first    │check │ records       checksum  CRC-32C, of salt, length, number and tape
//	└───────┴───────┴──────┴──────────┴──────┴──── ─ ─       number    of the record; the first one is in the header
//	          a record:  │length│checksum│ number │ tape │ up to seven zeros
//	                     0      4        8        16
//
// All numbers are little-endian. The salt is drawn at random, so that no message can hold bytes that are taken for a record.
//
// # What may happen to it
//
//	a kill, or a full disk, in mid-write   the torn tail is cut off, by the write that failed or when the queue is opened
//	a byte is damaged                      that record is passed over, and counted; the next one is found by its number
//	a header is damaged                    the segment is put aside as .damaged, and counted
//	a cursor is damaged                    its other slot counts, of the acknowledgement before; or it begins with the oldest record
//	loss of power                          what Sync has returned for is there, and what the kernel had written by itself
//
// Before a segment is removed the cursors that have passed it are synced, and the folder after it, so that no cursor is ever behind
// what there is.
package segments
