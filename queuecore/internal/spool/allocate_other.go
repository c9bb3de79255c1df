//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package spool

import (
	"errors"
	"os"
)

// fallocate is for systems that have it.
func fallocate(*os.File, int64) error { return errors.ErrUnsupported }

// punch is for systems that have it.
func punch(*os.File, int64, int64) error { return errors.ErrUnsupported }
