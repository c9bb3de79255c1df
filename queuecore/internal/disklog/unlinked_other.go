//go:build !unix

package disklog

import "os"

// unlinked tells whether f has no name any more. Here an open file keeps its name.
func unlinked(*os.File) bool { return false }
