//go:build !linux

package disklog

import "os"

// datasync puts the contents of f on the disk.
func datasync(f *os.File) error { return f.Sync() }
