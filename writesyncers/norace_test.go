//go:build !race

package writesyncers

const raceDetector = false
