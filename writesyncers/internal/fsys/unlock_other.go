//go:build !unix || solaris || aix

package fsys

// Unlock does nothing.
func (d *Directory) Unlock() {}
