//go:build unix

package writesyncers

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ".." behind a link leads to the directory above the link's target, not to the one above the link.
func TestALinkIsReadFromWhereItLies(t *testing.T) {
	for name, to := range map[string]string{"relative": "../real/app.log", "absolute": "/logs/../real/app.log"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.MkdirAll(filepath.Join(dir, "data", "logs"), 0o755))
			require.NoError(t, os.Mkdir(filepath.Join(dir, "data", "real"), 0o755))
			symlink(t, filepath.Join("data", "logs"), filepath.Join(dir, "logs"))
			link := filepath.Join(dir, "logs", "app.log")
			if filepath.IsAbs(to) {
				to = dir + to
			}
			symlink(t, to, link)
			f, err := NewRotatingFile(RotatingFileConfig{Path: link, MaxBytes: 4, BackupCount: 1, OnError: unexpected(t)})
			require.NoError(t, err)
			write(t, f, "one\n", "two\n")
			require.NoError(t, f.Close())
			assert.Equal(t, map[string]string{"app.log": "two\n", "app.log.1": "one\n"}, tree(t, filepath.Join(dir, "data", "real")))
		})
	}
}

func TestALinkThatLeadsToItself(t *testing.T) {
	link := filepath.Join(t.TempDir(), "app.log")
	symlink(t, "app.log", link)
	_, err := NewRotatingFile(RotatingFileConfig{Path: link, MaxBytes: 4, BackupCount: 1})
	assert.ErrorContains(t, err, "too many symbolic links")
}

// The log of a container is a link to /dev/stdout, which somebody has redirected to a file: that file is not rotated.
func TestALinkToStandardOutput(t *testing.T) {
	dir := t.TempDir()
	out, err := os.Create(filepath.Join(dir, "out.txt"))
	require.NoError(t, err)
	defer out.Close()
	symlink(t, "/dev/stdout", filepath.Join(dir, "access.log"))
	symlink(t, "access.log", filepath.Join(dir, "other.log"))
	cmd := child(t, "link to standard output", "LINKS="+dir)
	cmd.Stdout = out
	require.NoError(t, cmd.Run())
	assert.Equal(t, []string{"access.log", "other.log", "out.txt"}, names(t, dir))
	assert.Equal(t, strings.Repeat("a record\n", 10), read(t, filepath.Join(dir, "out.txt")))
}

func init() { children["link to standard output"] = linkedOutputChild }

func linkedOutputChild() error {
	for _, name := range []string{"access.log", "other.log"} {
		f, err := NewRotatingFile(RotatingFileConfig{Path: filepath.Join(os.Getenv("LINKS"), name), MaxBytes: 20, BackupCount: 9})
		if err != nil {
			return err
		}
		for range 5 {
			if _, err := fmt.Fprintln(f, "a record"); err != nil {
				return err
			}
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// To rename the link would make a backup that nobody counts, and leave the file where it is for ever.
func TestAPathThatBecomesALink(t *testing.T) {
	for _, to := range []string{"data/app.log", "../log/data/app.log", ""} {
		var told errorLog
		f, dir := rotating(t, RotatingFileConfig{MaxBytes: 100, BackupCount: 3, OnError: told.add})
		path, moved := filepath.Join(dir, "app.log"), filepath.Join(dir, "data", "app.log")
		if to == "" {
			to = moved
		} else {
			to = strings.Replace(to, "log/data", filepath.Base(dir)+"/data", 1)
		}
		require.NoError(t, os.Mkdir(filepath.Dir(moved), 0o755))
		write(t, f, "before\n")
		require.NoError(t, os.Rename(path, moved))
		require.NoError(t, os.Symlink(to, path))
		for range 50 {
			write(t, f, "record\n")
		}
		assert.ErrorContains(t, f.Rollover(), "symbolic link now")
		require.Len(t, told.list(), 1)
		assert.ErrorContains(t, told.list()[0], "symbolic link now")
		assert.Equal(t, []string{"app.log", "data"}, names(t, dir))
		assert.Equal(t, 51, strings.Count(read(t, moved), "\n"))

		require.NoError(t, os.Remove(path)) // and the file comes back
		require.NoError(t, os.Rename(moved, path))
		require.NoError(t, f.Rollover())
		assert.FileExists(t, path+".1")
	}
}
