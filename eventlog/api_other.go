//go:build !windows

package eventlog

import (
	"errors"
	"fmt"
	"runtime"
)

// system returns an error: there is nothing to log to.
func system() (api, error) {
	return nil, fmt.Errorf("eventlog: the Windows event log on %s: %w", runtime.GOOS, errors.ErrUnsupported)
}
