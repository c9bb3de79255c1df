//go:build unix && !solaris && !aix

package fsys

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// /var/log/mysql is mysql's, its group is adm, of which mysql is no member, and its mode is 2750.
func TestMakeDirectoryKeepsTheGroupOfItsParent(t *testing.T) {
	dir := os.Getenv(childEnv)
	modes := []fs.FileMode{0o750, 0o755, 0o770, 0o775, 0o700}
	if dir == "" {
		dir = ownDirectory(t, nobody)
		for _, mode := range modes {
			parent := filepath.Join(dir, fmt.Sprint(mode))
			require.NoError(t, os.Mkdir(parent, 0o755))
			require.NoError(t, os.Chown(parent, nobody, logs))
			require.NoError(t, os.Chmod(parent, mode|fs.ModeSetgid))
		}
		runChild(t, dir, nobody)
		return
	}
	for _, umask := range []int{0o002, 0o022, 0o027, 0o077} {
		syscall.Umask(umask)
		for _, mode := range modes {
			parent := filepath.Join(dir, fmt.Sprint(mode))
			path := filepath.Join(parent, ".app.log.rotation")
			info, err := os.Stat(parent)
			require.NoError(t, err)
			require.NoError(t, MakeDirectory(path, info))
			require.NoError(t, os.WriteFile(filepath.Join(path, "next"), nil, 0o600))
			made, err := os.Stat(filepath.Join(path, "next"))
			require.NoError(t, err)
			assert.Equal(t, uint32(logs), made.Sys().(*syscall.Stat_t).Gid, "%v with umask %03o", mode, umask)
			assert.ErrorIs(t, MakeDirectory(path, info), fs.ErrExist)
			require.NoError(t, os.RemoveAll(path))
		}
	}
}

func TestMakeDirectoryIsOpenToThoseToWhomItsParentIs(t *testing.T) {
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	parent := t.TempDir()
	for _, mode := range []fs.FileMode{0o750, 0o775, 0o777, 0o500, 0o775 | fs.ModeSetgid} {
		require.NoError(t, os.Chmod(parent, mode|0o300))
		info, err := os.Stat(parent)
		require.NoError(t, err)
		path := filepath.Join(parent, ".app.log.rotation")
		require.NoError(t, MakeDirectory(path, info))
		made, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, info.Mode()|0o700, made.Mode())
		require.NoError(t, os.Remove(path))
	}
}
