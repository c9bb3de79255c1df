//go:build !windows && (!unix || solaris || aix)

package jetstream

import (
	"errors"
	"os"
)

// lockFile has no lock to take here.
func lockFile(*os.File) (taken bool, err error) { return false, errors.ErrUnsupported }
