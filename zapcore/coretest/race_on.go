//go:build race

package coretest

// raceEnabled says that the race detector is on: it allocates, so allocation gates do not count then.
const raceEnabled = true
