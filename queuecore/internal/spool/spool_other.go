//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package spool

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"example.com/zaphandlers/zapcore/arena"
)

// Spool is the memory of one queue.
type Spool struct {
	Contents
	Notes []error
}

// LockDir returns an error that wraps errors.ErrUnsupported.
func LockDir(string) (*os.File, error) {
	return nil, fmt.Errorf("on %s a queue cannot have one: %w", runtime.GOOS, errors.ErrUnsupported)
}

// Open returns an error that wraps errors.ErrUnsupported.
func Open(string, int, []string) (*Spool, error) {
	return nil, fmt.Errorf("on %s a queue cannot have one: %w", runtime.GOOS, errors.ErrUnsupported)
}

// Backing is never called.
func (s *Spool) Backing() arena.Backing { return nil }

// Begin is never called.
func (s *Spool) Begin() error { return nil }

// Done is never called.
func (s *Spool) Done(string) uint64 { return 0 }

// Close is never called.
func (s *Spool) Close(bool, bool) bool { return false }
