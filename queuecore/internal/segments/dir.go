package segments

import (
	"os"
	"path/filepath"
	"strings"
)

// syncDir makes the names in a folder safe from a loss of power.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// list returns the files of a folder whose names end so, sorted.
func list(dir, suffix string) (paths []string, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), suffix) {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths, err
}

// removeUnfinished removes files that a former process did not finish.
func removeUnfinished(dir string) error {
	paths, err := list(dir, ".seg"+unfinished)
	for _, path := range paths {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return err
}
