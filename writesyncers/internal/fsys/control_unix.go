//go:build unix

package fsys

import "os"

// control calls do with the descriptor of f, which stays open meanwhile.
func control(f *os.File, do func(fd int)) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	return c.Control(func(fd uintptr) { do(int(fd)) })
}
