package backups

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	"example.com/zaphandlers/writesyncers/internal/fsys"
	"go.uber.org/multierr"
)

// entry is one backup: a plain file, its compressed form, or for a while both.
type entry struct {
	path   string // without .gz, unless the Namer gives names that end in it
	plain  fs.FileInfo
	packed fs.FileInfo // the compressed form
	label  string      // the date in the name, if it is dated
	period string      // the label that today's schedule would give it

	start  time.Time // when the period of label began
	begins time.Time // when the period of period began

	n      int  // the number in the name; 0: none
	former bool // it has a default name, from before there was a Namer
}

// foreign reports whether an earlier schedule has named it.
func (e *entry) foreign() bool { return e.label != e.period }

func (e *entry) backups() (found []Backup) {
	if e.plain != nil {
		found = append(found, Backup{e.path, e.plain, strings.HasSuffix(e.path, Gzip)})
	}
	if e.packed != nil {
		found = append(found, Backup{e.path + Gzip, e.packed, true})
	}
	return found
}

// size is the size of both forms together.
func (e *entry) size() (n int64) {
	for _, b := range e.backups() {
		n += b.Info.Size()
	}
	return n
}

// empty reports whether it is an empty plain file.
func (e *entry) empty() bool { return e.packed == nil && e.plain.Size() == 0 }

// modified is the time of the last write; a compressed form has that of the plain one.
func (e *entry) modified() (at time.Time) {
	for _, b := range e.backups() {
		if b.Info.ModTime().After(at) {
			at = b.Info.ModTime()
		}
	}
	return at
}

// held reports whether a living process uses it.
func (e *entry) held() bool {
	for _, b := range e.backups() {
		if fsys.InUse(b.Path) {
			return true
		}
	}
	return false
}

// remove removes both forms.
func (e *entry) remove() (err error) {
	for _, b := range e.backups() {
		err = multierr.Append(err, remove(b.Path))
	}
	return err
}

// renameTo gives both forms another name, which must be free. After an error it has undone what it did.
func (e *entry) renameTo(path string) error {
	all := e.backups()
	for i, b := range all {
		to := func(b Backup) string { return path + strings.TrimPrefix(b.Path, e.path) }
		if err := renameFile(b.Path, to(b)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			for _, b := range all[:i] {
				err = multierr.Append(err, renameFile(to(b), b.Path))
			}
			return err
		}
	}
	return nil
}

// Tests replace these by functions that fail.
var (
	RemoveFile = os.Remove
	renameFile = fsys.RenameNoReplace
)

// remove removes a file. It is no error if there is none.
func remove(path string) error {
	if err := RemoveFile(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// free reports whether a name is free, also with .gz behind it.
func free(path string) bool { return !exists(path) && !exists(path+Gzip) }

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
