// Command diskdump reads the folder of a queuecore.Disk:
//
//	go run example.com/zaphandlers/queuecore/diskdump list DIR
//	go run example.com/zaphandlers/queuecore/diskdump dump DIR [-from N] [-cursor NAME]
//	go run example.com/zaphandlers/queuecore/diskdump salvage DIR TO [-cursors]
//
// list prints the segments, with what is whole and what is missing in each, and the cursors, with how many records are still before
// them. dump prints records as JSON lines, as zap's production encoder writes them: all, those from number N on, or those that a
// cursor has not passed. Both take no lock, and change nothing: the process whose folder it is may be running.
//
// salvage copies every whole record, those of segments that were put aside (.damaged) among them, in order, into a folder TO that is
// new or empty, for a Disk to open. The records are numbered anew. With -cursors the cursors come along, so that a target gets nothing
// twice; without, every target begins with the oldest record. End the process that writes to DIR before: what it appends
// meanwhile is not in the copy.
//
// The exit status is 0 if every record is whole, 1 if any is missing or something else went wrong, and 2 for arguments that make no sense.
package main
