package fsys

import (
	"os"

	"golang.org/x/sys/unix"
)

// AwaitWrite waits for a write to f that is under way, by whichever process: the system takes the file's lock to look for a hole in
// it. It moves f's offset, which an appending write does not ask for.
func AwaitWrite(f *os.File) { _, _ = f.Seek(0, unix.SEEK_HOLE) }
