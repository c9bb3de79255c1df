package fsys

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestShortName(t *testing.T) {
	assert.Equal(t, ".app.log.rotation", ShortName(".", "app.log", ".rotation"))
	long := strings.Repeat("ü", 120) // 240 bytes
	name := ShortName(".", long, ".rotation")
	assert.Equal(t, "."+long+".rotation", name, "250 bytes are not too long")
	long += strings.Repeat("ü", 5)
	name = ShortName(".", long, ".rotation")
	assert.LessOrEqual(t, len(name), NameMax)
	assert.True(t, utf8.ValidString(name))
	assert.True(t, strings.HasPrefix(name, "."+strings.Repeat("ü", 100)), name)
	assert.True(t, strings.HasSuffix(name, ".rotation"), name)
	assert.Equal(t, name, ShortName(".", long, ".rotation"))
	assert.NotEqual(t, name, ShortName(".", long[2:]+"x", ".rotation"))
	assert.NotEqual(t, name, ShortName(".", long+"x", ".rotation"))
	require.NoError(t, os.Mkdir(filepath.Join(t.TempDir(), name), 0o700), "the file system takes it")
	assert.True(t, strings.HasSuffix(ShortName(strings.Repeat("x", 300), "base", "suffix"), "suffix"), "and no length is a panic")
}

// Two processes may have one number: in containers, or one after the other. What follows the number tells them apart.
func TestUnique(t *testing.T) {
	_, number, _ := strings.Cut(Unique(), "-")
	if os.Getenv("FSYS_TEST_UNIQUE") != "" {
		fmt.Printf("number %s.", number)
		return
	}
	seen := map[string]bool{number: true}
	exe, err := os.Executable()
	require.NoError(t, err)
	for range 2 {
		cmd := exec.Command(exe, "-test.run=^TestUnique$")
		cmd.Env = append(os.Environ(), "FSYS_TEST_UNIQUE=yes")
		out, err := cmd.Output()
		require.NoError(t, err)
		_, rest, _ := strings.Cut(string(out), "number ")
		number, _, found := strings.Cut(rest, ".")
		require.True(t, found, "%s", out)
		seen[number] = true
	}
	assert.Len(t, seen, 3, "of three processes")
	assert.NotEqual(t, Unique(), Unique())
}

func TestRenameNoReplace(t *testing.T) {
	for name, rename := range map[string]func(src, dst string) error{"in one step": RenameNoReplace, "in two": lookAndRename} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			src, dst := makeFile(t, dir, "src", "src"), makeFile(t, dir, "dst", "dst")
			assert.ErrorIs(t, rename(src, dst), fs.ErrExist)
			assert.Equal(t, map[string]string{"src": "src", "dst": "dst"}, tree(t, dir))
			require.NoError(t, os.Remove(dst))
			require.NoError(t, rename(src, dst))
			assert.ErrorIs(t, rename(src, dst+"x"), fs.ErrNotExist)
			assert.Equal(t, map[string]string{"dst": "src"}, tree(t, dir))

			link := filepath.Join(dir, "link")
			if runtime.GOOS != "windows" && os.Symlink("nowhere", link) == nil {
				assert.ErrorIs(t, rename(dst, link), fs.ErrExist, "a link that leads nowhere has its name, too")
			}
			var failed *os.LinkError
			require.ErrorAs(t, rename(src, dst), &failed)
			assert.Equal(t, src, failed.Old)
		})
	}
}
