// Package backups is what becomes of a file once it was rolled out: which name it gets, which names are ours to move and to
// remove, how many of them stay, and their compressed form. It knows no writer and no lock: every method of a Set is called with
// the lock of the log's rotation held.
package backups
