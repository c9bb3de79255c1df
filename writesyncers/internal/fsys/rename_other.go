//go:build !linux && !darwin && !windows

package fsys

import "errors"

func renameNoReplace(_, _ string) error { return errors.ErrUnsupported }
