//go:build !unix

package fsys

import "io/fs"

// Trusted has no owners to ask for here.
func Trusted(fs.FileInfo) bool { return true }
