//go:build !unix

package fsys

import "os"

// CopyAccess gives dst the permission bits of src. Who else may read it is decided by the directory it was made in.
func CopyAccess(dst, src *os.File) error {
	info, err := src.Stat()
	if err != nil {
		return err
	}
	return dst.Chmod(info.Mode().Perm())
}
