// Package faults counts what becomes of numbered records when their destination fails: a peer that hangs up, a full disk, a file that
// others take away. Each handler of this module meets the same fault as its rivals, which are used as their documentation says.
//
// Each record sent is counted as one of these, and copies and torn lines beside them:
//
//	arrived         it is there in the end, whole
//	reported        it is not there, and the program knows: writing returned an error, or the handler counted a drop
//	lost-silently   it is not there, although writing returned nil
//	doubled         copies beyond the first
//	torn            lines or frames that are not exactly one record
//
// An error that does not say which records it is about, or how many (at the next write, at closing), counts for the record whose write
// returned it, and for no other.
//
// These are the faults; the source of each says how it is made:
//
//	a peer that closes the connection after each record; a server that is restarted; ten resets with records on the way;
//	a web server that says 503 for a while, and then is killed
//	a disk that is full for a while; a directory that refuses the rotation; a file that a collector renames and removes;
//	logrotate's copytruncate; two writers of one path; a hundred rotations as fast as can be
//	a sink that stalls while more is logged than a queue has room for
//
// Not measured are time, which the other packages measure, and what happens to a file when the machine loses power. A full disk is
// a small file system in memory, and a refused rotation comes from an immutable directory: both need root, and are left out without.
package faults
