//go:build !unix

package disklog

import "os"

// unlinked returns false: on these systems an open file keeps its name.
func unlinked(*os.File) bool { return false }
