//go:build unix && !solaris && !aix

package fsys

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Users that tests run as.
const (
	nobody = 65534
	alice  = 61001
	bob    = 61002
	logs   = 61003 // a group
	carol  = 61004
)

const childEnv = "FSYS_TEST_DIR"

// inChild runs the test once more in a child process of another user, which has a directory of its own, and the supplementary
// groups given: there f is called. Only root can do that.
func inChild(t *testing.T, uid uint32, f func(t *testing.T, dir string), groups ...uint32) {
	t.Helper()
	if dir := os.Getenv(childEnv); dir != "" {
		f(t, dir)
		return
	}
	dir := ownDirectory(t, int(uid))
	runChild(t, dir, uid, groups...)
}

// ownDirectory returns a directory of a user's that every user gets to.
func ownDirectory(t *testing.T, uid int) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can run a test as somebody else")
	}
	dir, err := os.MkdirTemp("/tmp", "fsys") // the directories above t.TempDir's are root's alone
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	require.NoError(t, os.Chown(dir, uid, uid))
	require.NoError(t, os.Chmod(dir, 0o755))
	return dir
}

// runChild runs the very test that calls it as another user.
func runChild(t *testing.T, dir string, uid uint32, groups ...uint32) {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	own := filepath.Join(dir, "test")
	if os.Link(exe, own) != nil {
		b, err := os.ReadFile(exe)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(own, b, 0o755))
	}
	defer os.Remove(own)
	cmd := exec.Command(own, "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid, Groups: groups}}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS", "%s", out)
}
