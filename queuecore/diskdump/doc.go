// Command diskdump reads the folder of a queuecore.Disk:
//
//	go run example.com/zaphandlers/queuecore/diskdump list DIR
//	go run example.com/zaphandlers/queuecore/diskdump dump DIR [-from N] [-cursor NAME]
//	go run example.com/zaphandlers/queuecore/diskdump salvage DIR TO [-cursors]
//
// list prints the segments, with how many records in each are intact or missing, and the cursors, with how many records they have yet to
// pass. dump prints records as JSON lines, as zap's production encoder writes them: all, those from number N on, or those that a
// cursor has not passed. Both take no lock, and change nothing: the process that uses the folder may be running.
//
// salvage copies every intact record, those of segments put aside (.damaged) included, in order, into a folder TO, which must be
// new or empty, for a Disk to open. The records get new numbers. With -cursors the cursors are copied too, so that a target gets nothing
// twice; without, every target begins with the oldest record. End the process that writes to DIR first: records that it appends
// meanwhile are not in the copy.
//
// The exit status is 0 if every record is intact, 1 if any is missing or something else went wrong, and 2 for invalid arguments.
package main
