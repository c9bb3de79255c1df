//go:build unix

package fsys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// CopyAccess lets those use dst who can use src, and nobody else: the owner and the group of src, each by itself as far as this
// process may give it away, its permission bits, and its access control list (POSIX ACLs, Linux). What dst has inherited from the
// default list of its directory goes.
//
// Where something cannot be kept the rest is narrowed, so that nobody may read dst who could not read src: a group that is another
// one now gets no more than everybody, and without the list the bits are those that everyone named in it had as well. An owner
// who is another one now, this process, may do what it could do with src. dst ought to have been made with the permissions 0600,
// for it passes through no state in which it gives more than src.
//
// The error says that dst still gives more, or that there is no telling.
func CopyAccess(dst, src *os.File) error {
	uid, gid, want, err := accessOf(src)
	if err != nil {
		return err
	}
	newUID, newGID, had, err := accessOf(dst)
	if err != nil {
		return err
	}
	if had.extended() || had.mode()&^0o600 != 0 {
		_ = dst.Chmod(0o600) // the inherited list included: its mask is empty then
	}
	if newUID != uid || newGID != gid {
		_ = dst.Chown(-1, gid)
		_ = dst.Chown(uid, -1)
		if newUID, newGID, _, err = accessOf(dst); err != nil {
			return err
		}
	}
	if newUID != uid {
		want = want.forOwner(mayRead(src))
	}
	if newGID != gid {
		want = want.forOtherGroup()
	}
	return want.giveTo(dst, had.extended())
}

// accessOf returns the owner, the group, and the list of a file: one made of the permission bits if it has none.
func accessOf(f *os.File) (uid, gid int, list acl, err error) {
	var st unix.Stat_t
	if ctl := control(f, func(fd int) { err = unix.Fstat(fd, &st) }); ctl != nil {
		return 0, 0, nil, ctl
	}
	if err != nil {
		return 0, 0, nil, os.NewSyscallError("fstat", err)
	}
	list, err = readACL(f)
	if err != nil {
		return 0, 0, nil, err
	}
	if list == nil {
		list = aclOfMode(fs.FileMode(st.Mode & 0o777))
	}
	return int(st.Uid), int(st.Gid), list, nil
}

// giveTo makes the list that of f, or, where there are no lists, the permission bits that give no more. listed says that f has a
// list.
func (a acl) giveTo(f *os.File, listed bool) error {
	if a.extended() && writeACL(f, a) == nil {
		return nil
	}
	mode := a.mode()
	if listed && !removeACL(f) {
		mode &^= 0o070 // which is the list's mask then
	}
	err := f.Chmod(mode)
	info, statErr := f.Stat()
	if statErr != nil {
		return statErr
	}
	if more := info.Mode().Perm() &^ mode; more != 0 {
		return fmt.Errorf("permissions of %s are %v in place of %v: %w", f.Name(), info.Mode().Perm(), mode, orNoEffect(err))
	}
	return nil
}

func orNoEffect(err error) error {
	if err == nil {
		return errors.New("chmod has no effect")
	}
	return err
}
