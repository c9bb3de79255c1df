//go:build race

package writesyncers

// raceDetector: the race detector allocates by itself, so allocation gates make no sense under it.
const raceDetector = true
