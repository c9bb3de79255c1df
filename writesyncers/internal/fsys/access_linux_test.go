package fsys

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// list makes an access control list with entries for alice and logs between the usual ones.
func list(owner, alices, group, logss, mask, other uint16) acl {
	return acl{
		{aclOwner, owner, aclNoID}, {aclUser, alices, alice}, {aclOwningGroup, group, aclNoID}, {aclGroup, logss, logs},
		{aclMask, mask, aclNoID}, {aclOther, other, aclNoID},
	}
}

// withACL gives a file a list, or skips where there is no such thing.
func withACL(t *testing.T, f *os.File, a acl) {
	t.Helper()
	if err := writeACL(f, a); err != nil {
		t.Skipf("no access control lists in %s: %v", filepath.Dir(f.Name()), err)
	}
}

// withDefaultACL gives a directory a list that files in it inherit.
func withDefaultACL(t *testing.T, dir string, a acl) {
	t.Helper()
	if err := unix.Setxattr(dir, "system.posix_acl_default", a.encode(), 0); err != nil {
		t.Skipf("no access control lists in %s: %v", dir, err)
	}
}

func permOf(t *testing.T, f *os.File) fs.FileMode {
	t.Helper()
	info, err := f.Stat()
	require.NoError(t, err)
	return info.Mode().Perm()
}

func ownersOf(t *testing.T, f *os.File) (uid, gid int) {
	t.Helper()
	access, err := AccessOf(f)
	require.NoError(t, err)
	return int(access.uid), int(access.gid)
}

// readers returns which users can open a file for reading, by asking the kernel.
func readers(t *testing.T, path string, users map[string]*syscall.Credential) map[string]bool {
	t.Helper()
	can := map[string]bool{}
	for name, credential := range users {
		cat := exec.Command("cat", path)
		cat.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
		can[name] = cat.Run() == nil
	}
	return can
}

// users are those that the lists name, a member of the group logs, and one who is nobody of them.
func users() map[string]*syscall.Credential {
	return map[string]*syscall.Credential{
		"alice": {Uid: alice, Gid: alice},
		"bob":   {Uid: bob, Gid: bob, Groups: []uint32{logs}},
		"carol": {Uid: carol, Gid: carol},
	}
}

func TestCopyAccessKeepsTheList(t *testing.T) {
	dir := ownDirectory(t, 0)
	src := open(t, makeFile(t, dir, "src", "x"), os.O_WRONLY)
	want := list(6, 4, 0, 4, 4, 0)
	withACL(t, src, want)
	require.NoError(t, src.Chown(nobody, carol))
	require.Equal(t, fs.FileMode(0o640), permOf(t, src), "the mask, not what the group may")
	dst := open(t, filepath.Join(dir, "dst"), os.O_WRONLY|os.O_CREATE)
	require.NoError(t, CopyAccess(dst, src))
	got, err := readACL(int(dst.Fd()))
	require.NoError(t, err)
	assert.Equal(t, want, got)
	uid, gid := ownersOf(t, dst)
	assert.Equal(t, []int{nobody, carol}, []int{uid, gid})
	assert.Equal(t, map[string]bool{"alice": true, "bob": true, "carol": false}, readers(t, src.Name(), users()))
	assert.Equal(t, readers(t, src.Name(), users()), readers(t, dst.Name(), users()))
}

// Files that are made in a directory with a default list inherit it: the log may have been made before, or been told otherwise.
func TestCopyAccessTakesAwayWhatWasInherited(t *testing.T) {
	dir := ownDirectory(t, 0)
	src := open(t, makeFile(t, dir, "src", "x"), os.O_WRONLY)
	require.NoError(t, src.Chmod(0o640))
	withDefaultACL(t, dir, list(7, 7, 7, 7, 7, 5))
	dst := open(t, filepath.Join(dir, "dst"), os.O_WRONLY|os.O_CREATE)
	inherited, err := readACL(int(dst.Fd()))
	require.NoError(t, err)
	require.True(t, inherited.extended())
	require.NoError(t, CopyAccess(dst, src))
	got, err := readACL(int(dst.Fd()))
	require.NoError(t, err)
	assert.Nil(t, got)
	assert.Equal(t, fs.FileMode(0o640), permOf(t, dst))
	assert.Equal(t, map[string]bool{"alice": false, "bob": false, "carol": false}, readers(t, dst.Name(), users()))
}

// Where there are no lists, as on a file system without them, the permission bits say what all had.
func TestCopyAccessNarrowsWhereThereIsNoList(t *testing.T) {
	for _, tt := range []struct {
		name string
		list acl
		want fs.FileMode
	}{
		{"a mask is no right of the group's", list(6, 4, 0, 4, 4, 0), 0o600},
		{"nor is what the mask cuts off", list(6, 4, 6, 4, 4, 0), 0o640},
		{"all may read", list(6, 4, 4, 4, 4, 4), 0o644},
		{"alice may not, who may be anybody", list(6, 0, 4, 4, 4, 4), 0o600},
		{"logs may not, whose members are not the owning group's", list(6, 4, 4, 0, 4, 4), 0o640},
		{"only permission bits", aclOfMode(0o751), 0o751},
	} {
		assert.Equal(t, tt.want, tt.list.mode(), tt.name)
	}
	dir := t.TempDir()
	src := open(t, makeFile(t, dir, "src", "x"), os.O_WRONLY)
	withACL(t, src, list(6, 4, 0, 4, 4, 0))
	access, err := AccessOf(src)
	require.NoError(t, err)
	want := access.list
	without := mountWithoutLists(t)
	dst := open(t, filepath.Join(without, "dst"), os.O_WRONLY|os.O_CREATE)
	require.Error(t, writeACL(dst, want))
	require.NoError(t, CopyAccess(dst, src))
	assert.Equal(t, fs.FileMode(0o600), permOf(t, dst))
}

// Owner and group are kept each by itself: a member of a group may give a file to that group, and to nobody else.
func TestCopyAccessOfAnotherOwner(t *testing.T) {
	if os.Getenv(childEnv) == "" {
		dir := ownDirectory(t, bob)
		for name, a := range map[string]struct {
			uid, gid int
			perm     fs.FileMode
			list     acl
		}{
			"his group":          {alice, logs, 0o664, nil},
			"another group":      {alice, carol, 0o646, nil},
			"another, with less": {alice, carol, 0o606, nil},
			"write only":         {alice, logs, 0o620, nil},
			"a list":             {alice, carol, 0, acl{{aclOwner, 6, aclNoID}, {aclUser, 6, bob}, {aclOwningGroup, 4, aclNoID}, {aclMask, 6, aclNoID}, {aclOther, 0, aclNoID}}},
		} {
			f := open(t, makeFile(t, dir, name, "x"), os.O_WRONLY)
			require.NoError(t, f.Chmod(a.perm))
			if a.list != nil {
				withACL(t, f, a.list)
			}
			require.NoError(t, f.Chown(a.uid, a.gid))
		}
		runChild(t, dir, bob, logs)
		return
	}
	dir := os.Getenv(childEnv)
	for _, tt := range []struct {
		name string
		gid  int
		perm fs.FileMode
	}{
		{"his group", logs, 0o664},
		{"another group", bob, 0o644},
		{"another, with less", bob, 0o600},
		{"write only", logs, 0o220},
		{"a list", bob, 0o660}, // the bits in the middle are the mask, for bob
	} {
		src := open(t, filepath.Join(dir, tt.name), os.O_WRONLY)
		dst := open(t, src.Name()+".next", os.O_WRONLY|os.O_CREATE|os.O_EXCL)
		require.NoError(t, CopyAccess(dst, src), tt.name)
		uid, gid := ownersOf(t, dst)
		assert.Equal(t, bob, uid, tt.name)
		assert.Equal(t, tt.gid, gid, tt.name)
		assert.Equal(t, tt.perm, permOf(t, dst), tt.name)
	}
	got, err := readACL(int(open(t, filepath.Join(dir, "a list.next"), os.O_WRONLY).Fd()))
	require.NoError(t, err)
	assert.Zero(t, got.all(aclOwningGroup), "bob's own group is not the group that could read")
}

func TestACLWithAnUnknownFormIsAnError(t *testing.T) {
	for _, b := range [][]byte{{}, {2, 0, 0}, {1, 0, 0, 0}, {2, 0, 0, 0, 1}} {
		_, ok := decodeACL(b)
		assert.False(t, ok, "%v", b)
	}
	a := list(6, 4, 0, 4, 4, 0)
	got, ok := decodeACL(a.encode())
	assert.True(t, ok)
	assert.Equal(t, a, got)
}

func FuzzACL(f *testing.F) {
	f.Add(list(6, 4, 0, 4, 4, 0).encode(), true)
	f.Add(aclOfMode(0o640).encode(), false)
	f.Fuzz(func(t *testing.T, b []byte, reads bool) {
		a, ok := decodeACL(b)
		if !ok {
			return
		}
		assert.Equal(t, b, a.encode())
		for _, narrowed := range []acl{a.forOtherGroup(), a.forOwner(reads).forOtherGroup()} {
			assert.Zero(t, narrowed.mode()&0o077&^(a.mode()|a.mode()>>3|a.mode()<<3), "nobody gets what neither the group nor everybody had")
			assert.Zero(t, narrowed.mode()&0o007&^a.mode())
		}
	})
}
