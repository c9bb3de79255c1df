// Package errno handles two kinds of error numbers of the system: calls that a signal has interrupted are made again, a bounded number of
// times, and files that are stale are recognised. It holds no state.
package errno
