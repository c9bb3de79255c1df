//go:build unix

package fsys

import (
	"os"
	"syscall"
)

// CopyAccess gives dst the owner, the group and the permissions of src.
func CopyAccess(dst, src *os.File) error {
	info, err := src.Stat()
	if err != nil {
		return err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		_ = dst.Chown(int(st.Uid), -1)
		_ = dst.Chown(-1, int(st.Gid))
	}
	return dst.Chmod(info.Mode().Perm())
}
