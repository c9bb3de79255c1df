//go:build race

package gelf

const raceDetector = true
