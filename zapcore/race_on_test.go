//go:build race

package zapcore_test

const raceOn = true
