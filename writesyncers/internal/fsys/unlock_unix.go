//go:build unix && !solaris && !aix

package fsys

import "golang.org/x/sys/unix"

// Unlock ends the lock, and leaves the directory open.
func (d *Directory) Unlock() { _ = unix.Flock(d.fd, unix.LOCK_UN) }
