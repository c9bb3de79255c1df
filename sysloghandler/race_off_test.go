//go:build !race

package sysloghandler

// raceEnabled tells that the race detector allocates where the code does not.
const raceEnabled = false
