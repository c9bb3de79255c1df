//go:build unix

package fsys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"example.com/zaphandlers/internal/errno"
)

// Access says who may use a file: its owner, its group, its permission bits, and its access control list, which is nil if the bits say
// the same.
type Access struct {
	uid, gid uint32
	mode     fs.FileMode
	list     acl
}

// Equal reports whether the same may use both.
func (a Access) Equal(b Access) bool {
	return a.uid == b.uid && a.gid == b.gid && a.mode == b.mode && slices.Equal(a.list, b.list)
}

// entries returns the list, or one made from the permission bits if there is none.
func (a Access) entries() acl {
	if a.list == nil {
		return aclOfMode(a.mode)
	}
	return a.list
}

// CopyAccess gives dst the access of src: its permission bits, its access control list (POSIX ACLs, Linux), and its owner and group, each
// as far as this process may change it. What dst has inherited from the default list of its directory is removed.
//
// If something cannot be kept, the rest is narrowed, so that nobody may read dst who could not read src. If the group is another one, it
// gets no more than everybody has. Without the list, the bits give only what everyone named in the list had as well. If the owner is
// another one, it is this process, and may do what it could do with src. dst should be made with the permissions 0600: then it never
// gives more than src, at any moment.
//
// An error says that dst still gives more than src, or that this cannot be found out.
func CopyAccess(dst, src *os.File) error {
	want, err := AccessOf(src)
	if err != nil {
		return err
	}
	has, err := AccessOf(dst)
	if err != nil {
		return err
	}
	if has.Equal(want) {
		return nil
	}
	list, listed := want.entries(), has.list != nil
	if listed || has.mode&^0o600 != 0 {
		_ = dst.Chmod(0o600) // the inherited list included: its mask is empty then
	}
	if has.uid != want.uid || has.gid != want.gid {
		_ = dst.Chown(-1, int(want.gid))
		_ = dst.Chown(int(want.uid), -1)
		if has, err = AccessOf(dst); err != nil {
			return err
		}
	}
	if has.uid != want.uid {
		list = list.forOwner(mayRead(src))
	}
	if has.gid != want.gid {
		list = list.forOtherGroup()
	}
	return list.giveTo(dst, listed)
}

// AccessOf returns who may use an open file.
func AccessOf(f *os.File) (Access, error) {
	var st unix.Stat_t
	var list acl
	var statErr, err error
	ctl := control(f, func(fd int) {
		statErr = os.NewSyscallError("fstat", errno.Again(func() error { return unix.Fstat(fd, &st) }))
		list, err = readACL(fd)
	})
	switch {
	case ctl != nil:
		return Access{}, ctl
	case statErr != nil:
		return Access{}, statErr
	case err != nil:
		return Access{}, &fs.PathError{Op: "read the access control list of", Path: f.Name(), Err: err}
	}
	if !list.extended() {
		list = nil
	}
	return Access{st.Uid, st.Gid, fs.FileMode(st.Mode & 0o777), list}, nil
}

// giveTo sets the list of f or, where there are no lists, permission bits that give no more. listed says that f has a list.
func (a acl) giveTo(f *os.File, listed bool) error {
	if a.extended() && writeACL(f, a) == nil {
		return nil
	}
	mode := a.mode()
	if listed && !removeACL(f) {
		mode &^= 0o070 // with a list, these bits are its mask
	}
	err := f.Chmod(mode)
	info, statErr := f.Stat()
	if statErr != nil {
		return statErr
	}
	if more := info.Mode().Perm() &^ mode; more != 0 {
		err = fmt.Errorf("%v in place of %v: %w", info.Mode().Perm(), mode, orNoEffect(err))
		return &fs.PathError{Op: "set the permissions of", Path: f.Name(), Err: err}
	}
	return nil
}

func orNoEffect(err error) error {
	if err == nil {
		return errors.New("chmod has no effect")
	}
	return err
}

// acl is an access control list as in POSIX 1003.1e draft 17, or the three entries that are equivalent to permission bits.
type acl []aclEntry

type aclEntry struct {
	tag  uint16
	perm uint16 // 4 read, 2 write, 1 execute
	id   uint32 // of a named user or group
}

// The tags of Linux's linux/posix_acl.h.
const (
	aclOwner       = 0x01
	aclUser        = 0x02
	aclOwningGroup = 0x04
	aclGroup       = 0x08
	aclMask        = 0x10
	aclOther       = 0x20

	aclNoID = 0xffffffff
)

func aclOfMode(mode fs.FileMode) acl {
	bits := uint16(mode.Perm())
	return acl{{aclOwner, bits >> 6 & 7, aclNoID}, {aclOwningGroup, bits >> 3 & 7, aclNoID}, {aclOther, bits & 7, aclNoID}}
}

// extended reports whether permission bits cannot say the same.
func (a acl) extended() bool { return len(a) > 3 }

// all returns the permissions that every entry with one of the tags gives, after the mask; 7 if there is no such entry.
func (a acl) all(tags ...uint16) uint16 {
	mask := uint16(7)
	for _, e := range a {
		if e.tag == aclMask {
			mask = e.perm
		}
	}
	perm := uint16(7)
	for _, e := range a {
		if !slices.Contains(tags, e.tag) {
			continue
		}
		if e.tag == aclOwner || e.tag == aclOther {
			perm &= e.perm
		} else {
			perm &= e.perm & mask
		}
	}
	return perm
}

// with returns the list with other permissions for one tag.
func (a acl) with(tag, perm uint16) acl {
	a = slices.Clone(a)
	for i := range a {
		if a[i].tag == tag {
			a[i].perm = perm
		}
	}
	return a
}

// forOwner returns the list for a copy that belongs to this process, which could write to the file and, if reads is set, read it.
func (a acl) forOwner(reads bool) acl {
	perm := uint16(2)
	if reads {
		perm |= 4
	}
	return a.with(aclOwner, perm)
}

// forOtherGroup returns the list for a copy whose group is another one. Members of the new group may have been in any of the groups
// named, or in none; members of the former group are now among everybody else.
func (a acl) forOtherGroup() acl {
	perm := a.all(aclOwningGroup, aclGroup, aclOther)
	return a.with(aclOwningGroup, perm).with(aclOther, perm)
}

// mode returns the permission bits for a copy without the list. A user named in the list may be a member of the owning group or not,
// so such an entry limits both the group's bits and everybody's; a named group limits everybody's.
func (a acl) mode() fs.FileMode {
	owner := a.all(aclOwner)
	group := a.all(aclOwningGroup, aclUser)
	other := a.all(aclOther, aclUser, aclGroup)
	return fs.FileMode(owner<<6 | group<<3 | other)
}

// Trusted reports whether a file belongs to this process's user or to root.
func Trusted(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return !ok || st.Uid == 0 || int(st.Uid) == os.Geteuid()
}
