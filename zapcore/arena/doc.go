// Package arena holds records in memory for cores that deliver them later: the queue, where several readers each follow
// at their own pace, and the buffer, which has one.
//
// An Arena is bytes, no pointers: a service that holds 65,536 records gives the garbage collector nothing to mark. It is
// bounded in bytes, keeps the records of each level apart, so that those below Error can be given up first, and gives up at any time those
// that no reader who has yet to pass them wants; and it never moves a record, so that a reader works on it in place.
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
// There are lists for Debug and what is below, Info, Warn, Error, and what is above. What is given up for what goes by Lane: Low is
// the first three, the oldest record of them first, High is Error, Urgent what is above. A list has blocks that are written once, from
// front to back. Beside the tape a record has a header of twenty-four bytes: its length, its sequence number, its level, its marks, and a
// checksum if it is to survive the process. The sequence number runs over all lists, and readers merge them by it: they see the
// records in the order in which they were put.
//
// # Who may touch what
//
// An Arena takes no lock. Its owner does, its own or the one that Mutex returns, and every method but Reader.Next, Len, Tape, Level
// and SetOutcome is called with it held. The rule that lets Next do without is that bytes, once written, are never written again while
// anyone may read them:
//
//   - A reader reads only what it has claimed. Claim, under the lock, moves the reader's next over some records and pins their
//     blocks; Put and Capture write behind the end of every claim, since a claim ends where the list ended at that moment.
//   - Evict, under the lock, takes the oldest record that some reader has not claimed, and moves the next of the readers that
//     had not. It takes nothing from a reader that had: that one will deliver or refuse it. PassOver does the same, of a list, if all
//     others are done with the record and those do not want it.
//   - A block is used again only when all its records are released, evicted or passed over, and no claim pins it.
//   - The marks of a record, four bytes of its header that Next does not read, are written and read under the lock.
//
// # What a record comes to
//
// A reader resolves what it claimed, in order: delivered, skipped or dropped. When every reader has, the record is
// released, and counted for the whole: dropped if any reader dropped it, else skipped if all skipped it, else delivered. What a reader
// has delivered before it can resolve it, Ahead says: that is delivered, should it be evicted or abandoned.
// Its bytes are room again. The numbers of pending records are counted on their own and not worked out from the others,
// so that base.Stats.Missing means something.
//
// # Memory that survives the process
//
// With a Backing the blocks lie in memory that outlives the process: a file mapped shared. A record is there from the moment
// when its commit word is stored, one aligned store of 64 bits, after everything else of it:
//
//	kill here                                      what Scan finds
//	before or while tape and header are written    the commit word is of an older generation of the block, or 0: no record
//	after the commit word                          the record, whether or not Put has returned
//	after Resolve has stored the reader's cursor   the record, and that this reader is done with it
//	after the block was freed, or taken anew       a block of generation 0, or of a new one, of which no old record is
//
// The commit word is the block's generation, which no other use of the same bytes has, and a CRC-32C of generation, length, sequence
// number and tape. So a torn record, and one of a former use, are none; a damaged one is found out and passed over.
package arena
