//go:build !race

package mailcore_test

// raceEnabled says that the race detector is on: it allocates, so allocation gates do not count then.
const raceEnabled = false
