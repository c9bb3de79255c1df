package writer

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"

	"go.uber.org/multierr"
)

// linkSerial tells apart the hidden links of one process.
var linkSerial atomic.Uint64

// linkTo makes the symbolic link at the path link lead to file, in one step: it is made under a hidden name and renamed,
// so that whoever follows the link finds a file at any time. Both are absolute.
func linkTo(file, link string) error {
	to := file
	if filepath.Dir(link) == filepath.Dir(file) {
		to = filepath.Base(file)
	}
	if now, err := os.Readlink(link); err == nil && now == to {
		return nil
	}
	if info, err := os.Lstat(link); err == nil && info.Mode()&fs.ModeSymlink == 0 {
		return fmt.Errorf("writesyncers: Symlink %s: %w and is no symbolic link", link, fs.ErrExist)
	}
	hidden := filepath.Join(filepath.Dir(link), fmt.Sprintf(".%s.link-%d-%d", filepath.Base(link), os.Getpid(), linkSerial.Add(1)))
	if err := os.Symlink(to, hidden); err != nil {
		return fmt.Errorf("writesyncers: Symlink: %w", err)
	}
	if err := os.Rename(hidden, link); err != nil {
		return fmt.Errorf("writesyncers: Symlink: %w", multierr.Append(err, os.Remove(hidden)))
	}
	return nil
}
