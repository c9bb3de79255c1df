// Package tees takes a Tee of zap's apart. Its contract: what zapcore.NewTee returns is a slice of Cores by another name, which a test
// holds; should it be something else one day it is a Core like any other.
package tees
