package fsys

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// aclAttribute holds the list of a file: a version, and eight bytes an entry, little-endian (linux/posix_acl_xattr.h).
const (
	aclAttribute = "system.posix_acl_access"
	aclVersion   = 2
	aclSizeMax   = 64 << 10 // of an attribute
)

// readACL returns the list of a file, or nil if it has none or there is no such thing on its file system.
func readACL(fd int) (acl, error) {
	var most [256]byte // most lists are shorter
	buf := most[:]
	n, err := unix.Fgetxattr(fd, aclAttribute, buf)
	if errors.Is(err, unix.ERANGE) {
		buf = make([]byte, aclSizeMax)
		n, err = unix.Fgetxattr(fd, aclAttribute, buf)
	}
	if noACL(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list, ok := decodeACL(buf[:n])
	if !ok {
		return nil, errors.New("its form is unknown")
	}
	return list, nil
}

// noACL reports whether an error says that a file has no list.
func noACL(err error) bool {
	return err == unix.ENODATA || err == unix.ENOTSUP || err == unix.ENOSYS
}

func decodeACL(b []byte) (acl, bool) {
	if len(b) < 4 || len(b)%8 != 4 || binary.LittleEndian.Uint32(b) != aclVersion {
		return nil, false
	}
	var list acl
	for b = b[4:]; len(b) > 0; b = b[8:] {
		list = append(list, aclEntry{
			binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:]), binary.LittleEndian.Uint32(b[4:]),
		})
	}
	return list, true
}

func (a acl) encode() []byte {
	b := binary.LittleEndian.AppendUint32(nil, aclVersion)
	for _, e := range a {
		b = binary.LittleEndian.AppendUint16(b, e.tag)
		b = binary.LittleEndian.AppendUint16(b, e.perm)
		b = binary.LittleEndian.AppendUint32(b, e.id)
	}
	return b
}

// writeACL gives a file a list, and with it its permission bits.
func writeACL(f *os.File, list acl) error {
	var err error
	if ctl := control(f, func(fd int) { err = unix.Fsetxattr(fd, aclAttribute, list.encode(), 0) }); ctl != nil {
		return ctl
	}
	return err
}

// removeACL takes away the list of a file, and reports whether it has none now.
func removeACL(f *os.File) bool {
	var err error
	ctl := control(f, func(fd int) { err = unix.Fremovexattr(fd, aclAttribute) })
	return ctl == nil && (err == nil || noACL(err))
}

// mayRead reports whether this process may read a file that it has open, perhaps for writing only.
func mayRead(f *os.File) bool {
	var err error
	ctl := control(f, func(fd int) {
		err = unix.Faccessat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", fd), unix.R_OK, unix.AT_EACCESS)
	})
	return ctl == nil && err == nil
}
