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

// ErrLocked is returned when another process, or another part of this one, has the lock.
var ErrLocked = errors.New("locked by another process")

// NameMax is the longest name of a file, in bytes, on nearly every file system.
const NameMax = 255

// ShortName returns prefix+base+suffix if that is at most NameMax bytes. Else base is cut at the beginning of a rune, and 16 digits, a
// hash of base, replace the rest. The same base always gets the same name.
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

// uniqueFrom is where N begins in this process.
var uniqueFrom = rand.Uint64() >> 2

var uniqueSerial atomic.Uint64

// Unique returns PID-N, a part of a name that no other process uses. PID shows whose it is, but is not enough: in containers that share a
// directory each process may be 1, and so may the one that follows one that was killed.
func Unique() string {
	return strconv.Itoa(os.Getpid()) + "-" + strconv.FormatUint(uniqueFrom+uniqueSerial.Add(1), 10)
}

// RenameNoReplace renames a file to a name that must be free: if it is not, the error wraps fs.ErrExist. On a file system that cannot do
// that in one step, checking and renaming are two.
func RenameNoReplace(src, dst string) error {
	err := renameNoReplace(src, dst)
	if unsupported(err) {
		return lookAndRename(src, dst)
	}
	return linkError("rename", src, dst, err)
}

// Rename renames a file, and replaces the file that has the new name.
func Rename(src, dst string) error { return linkError("rename", src, dst, rename(src, dst)) }

// unsupported reports whether an error says that the system or the file system does not know a call. EPERM may come from a container's
// filter of system calls; if it is a real refusal, the two steps are refused as well.
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

// MakeDirectory makes a directory with the permissions of its parent, and in any case usable by us. An error that wraps fs.ErrExist says
// that it exists.
//
// If the parent has the set-group-ID bit, the directory gets it too, so that files in it belong to the group of the parent. The system
// clears the bit when the permissions are changed by somebody who is not a member of that group. Then the bit is kept instead of the
// permissions, which the umask decides.
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
	if os.Remove(path) != nil { // somebody already uses it
		return nil
	}
	return os.Mkdir(path, perm)
}

// Readlink returns the path that the symbolic link at path leads to. It resolves links among the directories on the way first, because ".."
// behind such a link does not lead where the text says.
func Readlink(path string) (string, error) {
	to, err := os.Readlink(path)
	if err != nil {
		return "", err
	}
	dir, base := filepath.Split(to)
	if !filepath.IsAbs(to) {
		dir = filepath.Dir(path) + string(filepath.Separator) + dir
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil { // else it does not exist yet
		dir = real
	}
	return filepath.Join(dir, base), nil
}

// LinksMax is how many links in a row are followed: the 40 of Linux.
const LinksMax = 40

// goneIsFine returns err, or nil if it says that the file is gone: another process may have removed it.
func goneIsFine(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
