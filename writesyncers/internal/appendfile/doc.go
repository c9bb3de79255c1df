// Package appendfile is the open file of a log: it is only ever appended to, in whole records.
//
// Contract: a record that Write has taken without an error is in the file, in one piece, and what another program writes to the
// file, or cuts off it, is neither overwritten nor filled up with NULs.
//
//	open ──► whole ──Write──► whole
//	           │                ▲
//	           │ error in the   │ Write: a line end first
//	           ▼ middle         │
//	         torn ──────────────┘
//
// A file that is found without a line end at its end is torn, too: the process that wrote it was killed, or the disk was full. It
// may also be that another process is writing to it just now, which is why the first Write looks again.
//
// The package knows nothing of rotation. The name it shows in errors is that of the log, whatever the file was called when it was
// opened. A File is not safe for concurrent use, but for Sync and Interrupt.
package appendfile
