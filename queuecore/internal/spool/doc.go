// Package spool is the memory of a queue's arena as a file that is mapped shared, so that what a queue has accepted survives its process:
// kill -9, a panic, the out-of-memory killer. A store into the mapping is a store into the page cache, which is the kernel's; nothing
// is written otherwise, and nothing synced: a loss of power, or of the machine, is not survived.
//
//	DIR/lock         held (flock) by the one process that has the spool
//	DIR/arena.spool  ┌──────────┬──────────┬─────────────────┬────────┬────────┬───── ─ ─
//	                 │ header   │ its copy │ cursors by name │ unit 0 │ unit 1 │
//	                 └──────────┴──────────┴─────────────────┴────────┴────────┴───── ─ ─
//	                 0          4 KiB      8 KiB             64 KiB
//	DIR/arena.new    the next one, while it is made
//	DIR/arena.aside-…  one that could not be read
//
// A block is one unit, or several in a row for a large record: 64 bytes that say so, and then the records; see package arena for
// those. All numbers are little-endian, all checksums CRC-32C.
//
// # What a kill leaves
//
//	at any store into a record         see package arena: the record is there from its commit word on
//	while a block is taken             its header's checksum is wrong until the last store: no block, and no record was in it yet
//	while a block is freed             its generation is 0 or is not: all its records are done with
//	while a cursor is stored           one of its two slots is wrong: the other one, of the batch before, counts
//	while the spool is opened          arena.spool is the old one until the rename, and then the new one, which holds the same
//
// So a record of which Write has returned is delivered, now or by the next process; and a target gets again only what it had in hand
// when the process ended: at most a batch, and the batch before if the kill hit the store of the cursor, and a record that
// went ahead of its turn.
//
// # Opening
//
// The old file is read, not mapped, and nothing in it is believed that its checksum does not cover. What some target has not got yet
// goes into a new file, with its sequence number, and that takes the place of the old one by a rename. Where the disk has no room for both
// the old one gives back its free blocks before (Linux). So a file may be of any size,
// cut off anywhere, or damaged: each damaged record is passed over and counted. A file of another version, or whose header is damaged in
// both places, is put aside and told, and the spool begins empty. The generations of a file begin with a number drawn at random, so that
// no message can hold bytes that are taken for a record of it.
package spool
