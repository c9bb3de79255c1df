package fsys

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"unicode/utf8"
)

// ErrLocked says that somebody else, another process or another part of this one, has the lock that was asked for.
var ErrLocked = errors.New("locked by another process")

// NameMax is the number of bytes that a name in a directory may have on nearly every file system.
const NameMax = 255

// ShortName returns prefix, base and suffix in one, if that is at most NameMax bytes. Else base is cut, at the beginning of a
// rune, and what was cut off is stood for by 16 digits that tell it from others: the same base has the same name each time.
func ShortName(prefix, base, suffix string) string {
	name := prefix + base + suffix
	if len(name) <= NameMax {
		return name
	}
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(base))
	mark := fmt.Sprintf("~%016x", sum.Sum64())
	end := max(0, NameMax-len(prefix)-len(suffix)-len(mark))
	for end > 0 && end < len(base) && !utf8.RuneStart(base[end]) {
		end--
	}
	return prefix + base[:min(end, len(base))] + mark + suffix
}

// uniqueFrom is where the numbers of this process begin.
var uniqueFrom = rand.Uint64() >> 2

var uniqueSerial atomic.Uint64

// Unique returns PID-N: something for a name that no other process gives. The number of the process alone tells whose it is, but tells
// no two apart: in containers that share a directory each may be 1, and so is one that follows one that was killed.
func Unique() string {
	return strconv.Itoa(os.Getpid()) + "-" + strconv.FormatUint(uniqueFrom+uniqueSerial.Add(1), 10)
}

// RenameNoReplace renames a file to a name that nobody has; if somebody has, it is an error that wraps fs.ErrExist. On a file
// system that cannot promise that in one step, looking and renaming are two.
func RenameNoReplace(src, dst string) error {
	err := renameNoReplace(src, dst)
	if unsupported(err) {
		return lookAndRename(src, dst)
	}
	return linkError("rename", src, dst, err)
}

// Rename renames a file, in the place of whatever has the new name.
func Rename(src, dst string) error { return linkError("rename", src, dst, rename(src, dst)) }

// unsupported reports whether a system, or a file system, says that it does not know what was asked for. It may be the filter of system
// calls of a container that says so (EPERM); where that means what it says two steps are refused, too.
func unsupported(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.EPERM)
}

// lookAndRename is RenameNoReplace in two steps.
func lookAndRename(src, dst string) error {
	if _, err := os.Lstat(dst); err == nil {
		return linkError("rename", src, dst, fs.ErrExist)
	}
	return os.Rename(src, dst)
}

func linkError(op, src, dst string, err error) error {
	if err != nil {
		return &os.LinkError{Op: op, Old: src, New: dst, Err: err}
	}
	return nil
}

// MakeDirectory makes a directory within another one: open to those to whom parent is, and in any case to us. An error that wraps
// fs.ErrExist says that it is there.
//
// In a parent with the set-group-ID bit it has that, too, so that files made in it belong to the group of the parent. The system
// takes the bit from a directory whose permissions are changed by somebody who is no member of that group. The bit counts for
// more then: the umask decides about the permissions.
func MakeDirectory(path string, parent fs.FileInfo) error {
	perm := parent.Mode().Perm() | 0o700
	if err := os.Mkdir(path, perm); err != nil {
		return err
	}
	info, err := os.Lstat(path)
	setgid := err == nil && info.Mode()&fs.ModeSetgid != 0
	if err != nil || info.Mode().Perm() == perm {
		return goneIsFine(err)
	}
	if err := os.Chmod(path, perm|info.Mode()&fs.ModeSetgid); err != nil || !setgid {
		return goneIsFine(err)
	}
	if info, err = os.Lstat(path); err != nil || info.Mode()&fs.ModeSetgid != 0 {
		return goneIsFine(err)
	}
	if os.Remove(path) != nil { // somebody uses it already
		return nil
	}
	return os.Mkdir(path, perm)
}

// Readlink returns the path that the symbolic link at path leads to, as seen from where the link lies: a directory on the way there may
// be a link itself, and what is behind ".." then is not what the text says.
func Readlink(path string) (string, error) {
	to, err := os.Readlink(path)
	if err != nil {
		return "", err
	}
	dir, base := filepath.Split(to)
	if !filepath.IsAbs(to) {
		dir = filepath.Dir(path) + string(filepath.Separator) + dir
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil { // else it is not there yet
		dir = real
	}
	return filepath.Join(dir, base), nil
}

// LinksMax is how many links in a row are followed: the 40 of Linux.
const LinksMax = 40

// goneIsFine is for what another process may have removed.
func goneIsFine(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
