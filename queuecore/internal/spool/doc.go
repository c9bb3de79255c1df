// Package spool keeps the memory of a queue's arena in a file that is mapped shared, so that accepted records survive the process:
// kill -9, a panic, the out-of-memory killer. A store into the mapping goes to the page cache, which belongs to the kernel. Nothing
// is synced, so records do not survive a loss of power or a crash of the machine.
//
//	DIR/lock         held (flock) by the one process that has the spool
//	DIR/arena.spool  ┌──────────┬──────────┬─────────────────┬────────┬────────┬───── ─ ─
//	                 │ header   │ its copy │ cursors by name │ unit 0 │ unit 1 │
//	                 └──────────┴──────────┴─────────────────┴────────┴────────┴───── ─ ─
//	                 0          4 KiB      8 KiB             64 KiB
//	DIR/arena.new    the next arena.spool, while it is made
//	DIR/arena.aside-…  an arena.spool that could not be read
//
// A block is one unit, or several in a row for a large record: a header of 64 bytes, and then the records, which package arena
// describes. All numbers are little-endian, all checksums CRC-32C.
//
// # What a kill leaves
//
//	at any store into a record         see package arena: the record exists from its commit word on
//	while a block is taken             the checksum of its header is wrong until the last store: no block, and no record was in it yet
//	while a block is freed             its generation is 0 or not yet: in either case all its records are done with
//	while a cursor is stored           one of its two slots is wrong: the other one, of the batch before, counts
//	while the spool is opened          arena.spool is the old file until the rename, and then the new one, with the same records
//
// So a record whose Write has returned is delivered, by this process or the next. A target gets again only the records that it was taking
// when the process ended: at most a batch, the batch before if the kill hit the store of the cursor, and a record that
// was delivered ahead of its turn.
//
// # Opening
//
// The old file is read, not mapped, and nothing in it is trusted that its checksum does not cover. It may have any size, be
// cut off anywhere, or be damaged: each damaged record is skipped and counted. Records that some target has not got yet
// go into a new file, with their sequence numbers, which replaces the old one by a rename. If the disk has no room for both,
// the old file first gives back its free blocks (Linux). A file of another version, or whose header is damaged in
// both places, is put aside and reported, and the spool begins empty. The generations of a file begin with a random number, so that
// nobody can log a message that looks like a record of it.
package spool
