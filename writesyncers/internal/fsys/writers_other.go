//go:build !linux

package fsys

import (
	"os"
	"sync"
)

// writers are the logs that this process has open. Of those of other processes there is no telling here.
var writers = struct {
	sync.Mutex
	of map[*os.File]string
}{of: map[*os.File]string{}}

// MarkWriter has others in this process know that f is written to as the log of that path.
func MarkWriter(f *os.File, log string) {
	writers.Lock()
	defer writers.Unlock()
	writers.of[f] = log
}

// UnmarkWriter ends MarkWriter. It is called before f is closed.
func UnmarkWriter(f *os.File) {
	writers.Lock()
	defer writers.Unlock()
	delete(writers.of, f)
}

// WrittenByOthers reports whether the file at path is a log of its own in this process.
func WrittenByOthers(path, log string) (bool, error) {
	if path == log {
		return false, nil
	}
	writers.Lock()
	defer writers.Unlock()
	for _, other := range writers.of {
		if other == path {
			return true, nil
		}
	}
	return false, nil
}

// OpenForWriting has no way to know here.
func OpenForWriting(*os.File) bool { return false }
