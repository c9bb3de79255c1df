//go:build race

package mailcore_test

const raceEnabled = true
