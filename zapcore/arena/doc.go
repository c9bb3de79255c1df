// Package arena holds records in memory for cores that deliver them later: the queue, where each of several readers goes on
// at its own pace, and the buffer, which has one reader.
//
// An Arena is bytes without pointers: a service that holds 65,536 records gives the garbage collector nothing to mark. It is
// bounded in bytes. It keeps the records of each level apart, so that those below Error can be evicted first. It can release, at any time,
// a record that no remaining reader wants. It never moves a record, so a reader works on it in place.
//
//	            oldest                                                      newest
//	Info        ┌───────────────────┐   ┌───────────────────┐   ┌───────────────────┐
//	            │░░░░░░▒▒▒▒▒▒▒▒▒▒▒▒▒├──►│▒▒▒▒▒▒▒▓▓▓▓▓▓▓▓▓▓▓▓├──►│▓▓▓▓▓▓▓▓▓▓         │ ◄─ Put
//	            └──────┬────────────┘   └───────┬───────────┘   └───────────────────┘
//	Error       ┌──────┼────────────┐           │
//	            │░░░▒▒▓▓▓▓▓         │ ◄─ Put    │
//	            └───┬──┬────────────┘           │
//	           done ┘  └─ next of a reader ─────┘         ░ released   ▒ claimed   ▓ unread
//
// There is a list for each of: Debug and below, Info, Warn, Error, above Error. Eviction goes by Lane: Low has
// the first three lists, High has Error, Urgent has the last. A list consists of blocks, each written once, from
// front to back. A record is a tape behind a header of 24 bytes: its length, sequence number, level, marks, and a
// checksum if it must survive the process. Sequence numbers run over all lists. Readers merge the lists by them, and so see the
// records in the order in which they were put.
//
// # Who may touch what
//
// An Arena takes no lock. Its owner does: a lock of its own, or the one that Mutex returns. Only Next, Len, Tape, Level, Sequence,
// Outcome, SetOutcome, Index and Shrink of a Reader may be called without it. Next can do without the lock because bytes, once written,
// are never written again while a reader may read them:
//
//   - A reader reads only what it has claimed. Claim, under the lock, moves the reader's next over some records and pins their
//     blocks. Put and Capture write behind every claim, since a claim ends where the list ended at that moment.
//   - Evict, under the lock, takes the oldest record of a lane from the readers that have not claimed it, and moves their next. A reader
//     that has claimed it keeps it, and will deliver or refuse it. PassOver does the same in each list, with records
//     that those readers do not want and all others are done with.
//   - A block is used again only when all its records are released, evicted or passed over, and no claim pins it.
//   - The marks of a record, four bytes of its header that Next does not read, are written and read under the lock.
//
// # The outcome of a record
//
// A reader resolves its claimed records in order: delivered, skipped or dropped. When every reader has resolved a record, its bytes are
// released, and it counts once: as dropped if any reader dropped it, else as skipped if all skipped it, else as delivered. Ahead notes a
// record that a reader has delivered before it can resolve it, so that it counts as delivered even if it is then evicted or abandoned.
// Pending records are counted by themselves, not computed from the other counts, so that base.Stats.Missing can find a mistake.
//
// # Memory that survives the process
//
// With a Backing the blocks lie in memory that outlives the process: a file mapped shared. A record exists from the moment
// when its commit word is stored, by one aligned store of 64 bits, after everything else of it:
//
//	kill here                                      what Scan finds
//	before or while tape and header are written    the commit word has an older generation, or is 0: no record
//	after the commit word                          the record, whether or not Put has returned
//	after Resolve has stored the reader's cursor   the record, and that this reader is done with it
//	after the block was freed, or taken anew       a block of generation 0, or of a new one, to which no old record belongs
//
// The commit word consists of the block's generation, which no other use of the same bytes has, and a CRC-32C of generation, length,
// sequence number and tape. So Scan ignores a torn record and one of an earlier use of the block, and detects and skips a damaged one.
package arena
