//go:build !linux

package main

import (
	"errors"
	"fmt"
)

// startJournal returns an error that wraps errors.ErrUnsupported: only Linux has systemd's journal.
func startJournal(func(*record) error) (l link, err error) {
	return l, fmt.Errorf("systemd's journal: %w", errors.ErrUnsupported)
}
