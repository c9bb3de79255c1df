//go:build race

package eventlog

// raceOn: the race detector allocates, so allocations are counted without it.
const raceOn = true
