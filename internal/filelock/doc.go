// Package filelock locks a file against other processes, and against other holders in this one, for as long as it is open.
package filelock
