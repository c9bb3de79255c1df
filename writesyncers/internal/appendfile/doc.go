// Package appendfile is the open file of a log. It only appends, in whole records.
//
// Contract: a record for which Write returned nil is in the file, in one piece. What another program appends is not overwritten, and
// where another program has cut the file, no gap of NULs appears.
//
//	open ──► whole ──Write──► whole
//	           │                ▲
//	           │ error in the   │ Write: a line end first
//	           ▼ middle         │
//	         torn ──────────────┘
//
// A file that does not end in a line end when it is opened is torn, too: the process that wrote it was killed, or the disk was full. But
// another process may also be in the middle of a write, so the first Write checks again.
//
// The package knows nothing of rotation. Errors show the name of the log, whatever name the file was opened by. A File is not safe for
// concurrent use, except for Sync and Interrupt.
package appendfile
