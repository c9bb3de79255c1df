//go:build !linux

package fsys

import (
	"errors"
	"os"
)

// Watch would tell whether something has happened to the name of an open file: these systems have no such thing that is as
// cheap.
type Watch struct{}

// NewWatch returns errors.ErrUnsupported.
func NewWatch() (*Watch, error) { return nil, errors.ErrUnsupported }

// Follow returns errors.ErrUnsupported.
func (w *Watch) Follow(*os.File) error { return errors.ErrUnsupported }

// Any is always true: look for yourself.
func (w *Watch) Any() bool { return true }

// Close does nothing.
func (w *Watch) Close() {}
