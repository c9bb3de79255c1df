//go:build !unix || aix

package fsys

import "os"

// OpenStandard has no paths of descriptors here.
func OpenStandard(string) (*os.File, bool) { return nil, false }
