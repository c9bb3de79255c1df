package fsys

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mount is a file system that tests make for themselves.
type mount struct {
	name  string
	tools []string
	have  Capabilities
	make  func(t *testing.T, lower, at string) error // lower is an empty directory to keep things in
}

// image makes and mounts a file system in a file.
func image(size string, mkfs ...string) func(t *testing.T, lower, at string) error {
	return func(t *testing.T, lower, at string) error {
		img := filepath.Join(lower, "image")
		if err := run("truncate", "-s", size, img); err != nil {
			return err
		}
		if err := run(mkfs[0], append(mkfs[1:], img)...); err != nil {
			return err
		}
		return run("mount", "-o", "loop", img, at)
	}
}

// over runs a FUSE program that shows a directory in another place.
func over(name string, args ...string) func(t *testing.T, lower, at string) error {
	return func(t *testing.T, lower, at string) error {
		return run(name, append(args, lower, at)...)
	}
}

func encfs(t *testing.T, lower, at string) error {
	cmd := exec.Command("encfs", "--standard", "--stdinpass", lower, at)
	cmd.Stdin = strings.NewReader("only for this test\n")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

var mounts = []mount{
	{"ext4", []string{"mkfs.ext4"}, Capabilities{true, true, true, true, true}, image("32M", "mkfs.ext4", "-q", "-I", "256")},
	{"ext4 with small inodes", []string{"mkfs.ext4"}, Capabilities{true, true, false, true, true}, image("32M", "mkfs.ext4", "-q", "-I", "128")},
	{"xfs", []string{"mkfs.xfs"}, Capabilities{true, true, true, true, true}, image("320M", "mkfs.xfs", "-q")},
	{"btrfs", []string{"mkfs.btrfs"}, Capabilities{true, true, true, true, true}, image("128M", "mkfs.btrfs", "-q")},
	{"tmpfs", nil, Capabilities{true, true, true, true, true}, func(_ *testing.T, _, at string) error { return run("mount", "-t", "tmpfs", "none", at) }},
	{"bindfs", []string{"bindfs"}, Capabilities{false, false, false, true, false}, over("bindfs")},
	{"mergerfs", []string{"mergerfs"}, Capabilities{false, false, false, true, false}, over("mergerfs")},
	{"encfs", []string{"encfs"}, Capabilities{false, false, false, true, false}, encfs},
}

func run(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}

// on mounts a file system until the end of the test, or skips with the reason.
func on(t *testing.T, m mount) (dir string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can mount file systems")
	}
	for _, tool := range m.tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	lower, at := t.TempDir(), t.TempDir()
	if err := m.make(t, lower, at); err != nil {
		t.Skipf("%s cannot be mounted here: %v", m.name, err)
	}
	t.Cleanup(func() { assert.NoError(t, run("umount", at)) })
	dir = filepath.Join(at, "dir") // without lost+found
	require.NoError(t, os.Mkdir(dir, 0o755))
	return dir
}

// mountWithoutLists returns a directory of a file system that knows no access control lists.
func mountWithoutLists(t *testing.T) string {
	t.Helper()
	return on(t, mount{"bindfs without attributes", []string{"bindfs"}, Capabilities{}, over("bindfs", "--xattr-none")})
}

// Probe is right on several file systems.
func TestProbe(t *testing.T) {
	for _, m := range mounts {
		t.Run(m.name, func(t *testing.T) {
			dir := on(t, m)
			got, err := Probe(dir)
			require.NoError(t, err)
			assert.Equal(t, m.have, got)
			assert.Empty(t, tree(t, dir))
		})
	}
}

// A full disk is not one that lacks a capability: Probe finds another way, or returns an error.
func TestProbeOfAFullDisk(t *testing.T) {
	full := func(options string) string {
		return on(t, mount{"tmpfs", nil, Capabilities{}, func(_ *testing.T, _, at string) error {
			return run("mount", "-t", "tmpfs", "-o", options, "none", at)
		}})
	}
	_, err := Probe(full("nr_inodes=3"))
	require.ErrorIs(t, err, syscall.ENOSPC, "no inode for a second name")
	dir := full("size=4k")
	makeFile(t, dir, "ballast", strings.Repeat("x", 4<<10))
	got, err := Probe(dir)
	require.NoError(t, err)
	assert.Equal(t, Capabilities{true, true, true, true, true}, got)
}

// A rename keeps the open file the same one everywhere. Linking and removing does not: the name is another file to the kernel,
// and who appends to it overwrites what the open one has written.
func TestRenameKeepsTheOpenFile(t *testing.T) {
	for _, m := range mounts {
		t.Run(m.name, func(t *testing.T) {
			dir := on(t, m)
			src, dst := filepath.Join(dir, "app.log"), filepath.Join(dir, "app.log.1")
			f := open(t, src, os.O_WRONLY|os.O_CREATE|os.O_APPEND)
			_, err := f.WriteString("before\n")
			require.NoError(t, err)
			require.NoError(t, RenameNoReplace(src, dst))
			_, err = f.WriteString("after\n")
			require.NoError(t, err)
			other := open(t, dst, os.O_WRONLY|os.O_APPEND)
			_, err = other.WriteString("by name\n")
			require.NoError(t, err)
			require.NoError(t, other.Close())
			require.NoError(t, f.Close())
			assert.Equal(t, map[string]string{"app.log.1": "before\nafter\nby name\n"}, tree(t, dir))

			makeFile(t, dir, "app.log", "new\n")
			assert.ErrorIs(t, RenameNoReplace(src, dst), os.ErrExist)
		})
	}
}
