// Package tees takes a Tee of zap's apart. It relies on zapcore.NewTee returning a slice of Cores, of an unexported type; a test checks
// that. If zap changes it, a Tee counts as any other Core.
package tees
