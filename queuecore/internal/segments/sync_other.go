//go:build !linux

package segments

import "os"

// datasync makes a file's content safe from a loss of power.
func datasync(f *os.File) error { return f.Sync() }
