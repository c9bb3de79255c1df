//go:build unix && !linux

package fsys

import (
	"errors"
	"os"
)

// Lists of these systems cannot be read without their C library: files have their permission bits, and what the directory
// lets them inherit.

func readACL(int) (acl, error)     { return nil, nil }
func writeACL(*os.File, acl) error { return errors.ErrUnsupported }
func removeACL(*os.File) bool      { return true }
func mayRead(*os.File) bool        { return true }
