//go:build !race

package eventlog

const raceOn = false
