package writer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"example.com/zaphandlers/writesyncers/internal/fsys"
)

// linkTries is how often linkTo tries again when another process changes the same link, or has left something in the way.
const linkTries = 10

// linkTo makes the symbolic link at the path link lead to file. Both paths are absolute. The link is made under a hidden name and
// renamed, so that it leads to a file at any time. The hidden name is always the same, so that the next call removes what a killed
// process has left.
func linkTo(file, link string) (err error) {
	to := file
	if filepath.Dir(link) == filepath.Dir(file) {
		to = filepath.Base(file)
	}
	hidden := filepath.Join(filepath.Dir(link), fsys.ShortName(".", filepath.Base(link), ".link"))
	for range linkTries {
		switch info, statErr := os.Lstat(link); {
		case statErr == nil && info.Mode()&fs.ModeSymlink == 0:
			return fmt.Errorf("the Symlink %s: %w and is no symbolic link", link, fs.ErrExist)
		case statErr == nil:
			if now, err := os.Readlink(link); err == nil && now == to {
				removeLink(hidden)
				return nil
			}
		}
		if err = os.Symlink(to, hidden); err == nil {
			err = os.Rename(hidden, link)
		}
		switch {
		case err == nil:
			return nil
		case errors.Is(err, fs.ErrExist):
			removeLink(hidden)
		case !errors.Is(err, fs.ErrNotExist): // else another process has renamed it
			removeLink(hidden)
			return shownLink(link, err)
		}
	}
	return shownLink(link, err)
}

// removeLink removes the hidden link, if it is one.
func removeLink(hidden string) {
	if info, err := os.Lstat(hidden); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		_ = os.Remove(hidden)
	}
}

// shownLink returns err with the name of the link instead of the hidden one.
func shownLink(link string, err error) error {
	if of, ok := errors.AsType[*os.LinkError](err); ok {
		err = of.Err
	}
	return fmt.Errorf("the Symlink %s: %w", link, err)
}
