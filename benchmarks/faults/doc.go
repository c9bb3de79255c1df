// Package faults counts what becomes of numbered records when their destination fails: a peer that hangs up, a disk that is
// full, a file that others take away. Each handler of this module meets the same fault as its rivals, each of which is used
// as its documentation says.
//
// What is counted, of the records sent:
//
//	arrived         those that are there in the end, whole
//	reported        those that are not, and the program knows: writing returned an error, or the handler counted a drop
//	lost-silently   those that are not, and nobody said so: writing returned nil
//	doubled         copies beyond the first
//	torn            lines or frames that are no record, or more than one
//
// An error that does not say which records or how many it speaks of (at the next write, at closing) counts for the record
// whose write returned it, and for no other.
//
// The faults, each of which says in this package how it is staged:
//
//	a peer that closes the connection after each record; a server that is restarted; ten resets with records on the way;
//	a web server that says 503 for a while, and then is killed
//	a disk that is full for a while; a directory that refuses the rotation; a file that a collector renames and removes;
//	logrotate's copytruncate; two writers of one path; a hundred rotations as fast as can be
//	a sink that stalls while more is logged than a queue has room for
//
// What is not measured: time, which the other packages measure, and whatever the kernel does to a file when the machine loses
// its power. A full disk is a small file system in memory, and a rotation that is refused a directory that is immutable: both
// need root, and are left out without.
package faults
