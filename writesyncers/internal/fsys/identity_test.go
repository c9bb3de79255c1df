package fsys

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestIdentity(t *testing.T) {
	dir := t.TempDir()
	path := makeFile(t, dir, "app.log", "")
	pathZ := append([]byte(path), 0)
	f := open(t, path, os.O_WRONLY)
	id := Identify(f)
	here, err := LeadsTo(pathZ, id)
	require.NoError(t, err)
	assert.True(t, here)
	if RenamesOpenFiles {
		require.NoError(t, os.Rename(path, path+".1"))
		here, err = LeadsTo(pathZ, id)
		require.NoError(t, err)
		assert.False(t, here, "nothing is there")
		makeFile(t, dir, "app.log", "")
	}
	here, err = LeadsTo(append([]byte(makeFile(t, dir, "other", "")), 0), id)
	require.NoError(t, err)
	assert.False(t, here, "another file")
	here, err = LeadsTo(append([]byte(filepath.Join(path, "below a file")), 0), id)
	if runtime.GOOS == "linux" {
		require.NoError(t, err)
	}
	assert.False(t, here && err == nil)
}

// A link that leads to a file is no name of it: renamed in its place, it would go and the file stay.
func TestIsNameOf(t *testing.T) {
	dir := t.TempDir()
	path := makeFile(t, dir, "app.log", "")
	id := Identify(open(t, path, os.O_WRONLY))
	z := func(path string) []byte { return append([]byte(path), 0) }
	is := func(path string) bool {
		is, err := IsNameOf(z(path), id)
		require.NoError(t, err)
		return is
	}
	assert.True(t, is(path))
	assert.False(t, is(makeFile(t, dir, "other", "")), "another file")
	assert.False(t, is(filepath.Join(dir, "nothing")))
	if runtime.GOOS == "linux" {
		assert.False(t, is(filepath.Join(path, "below a file")))
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	assert.False(t, is(link))
	if runtime.GOOS == "windows" {
		return // wine's links lead to other files
	}
	here, err := LeadsTo(z(link), id)
	require.NoError(t, err)
	assert.True(t, here)
}

func TestBirth(t *testing.T) {
	before := time.Now().Add(-time.Second) // the clock of files is behind by up to a tick
	path := makeFile(t, t.TempDir(), "app.log", "")
	long := time.Now().Add(-240 * time.Hour)
	require.NoError(t, os.Chtimes(path, long, long))
	at, known := Birth(open(t, path, os.O_RDONLY))
	if !known {
		t.Skip("this file system does not know")
	}
	assert.WithinRange(t, at, before, time.Now())
}
