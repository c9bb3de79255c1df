//go:build unix

package fsys

import (
	"io/fs"
	"slices"
)

// acl is an access control list as POSIX 1003.1e draft 17 has it, or the three entries that permission bits amount to.
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

// all returns what every entry of some tags gives, 7 if there is none. The mask counts where it applies.
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

// forOwner is the list for a file that belongs to the process itself now, which could write to it and perhaps read it.
func (a acl) forOwner(reads bool) acl {
	perm := uint16(2)
	if reads {
		perm |= 4
	}
	return a.with(aclOwner, perm)
}

// forOtherGroup is the list for a file whose group is another one now. Its members may have been in any of the groups named, or
// in none; those of the former group may be anybody now.
func (a acl) forOtherGroup() acl {
	perm := a.all(aclOwningGroup, aclGroup, aclOther)
	return a.with(aclOwningGroup, perm).with(aclOther, perm)
}

// mode returns the permission bits for a file that has no list. Those named in it may be members of the owning group then, or
// anybody: a group that is named counts for everybody, a user for both.
func (a acl) mode() fs.FileMode {
	owner := a.all(aclOwner)
	group := a.all(aclOwningGroup, aclUser)
	other := a.all(aclOther, aclUser, aclGroup)
	return fs.FileMode(owner<<6 | group<<3 | other)
}
