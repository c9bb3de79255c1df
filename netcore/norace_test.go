//go:build !race

package netcore

const raceDetector = false
