package writesyncers

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/writesyncers/internal/fsys"
)

// rolls writes records and rolls the file over after each.
func rolls(t *testing.T, f *RotatingFile, records ...string) {
	t.Helper()
	for _, r := range records {
		write(t, f, r)
		require.NoError(t, f.Rollover())
	}
}

func TestCompress(t *testing.T) {
	f, dir := rotating(t, RotatingFileConfig{MaxBytes: 1 << 30, BackupCount: 2, Compress: Gzip, Perm: 0o640})
	info, err := os.Stat(f.path)
	require.NoError(t, err)
	perm := info.Mode() // less what the umask takes away
	rolls(t, f, "one\n", "two\n", "three\n")
	assert.Equal(t, []string{"app.log", "app.log.1.gz", "app.log.2.gz"}, names(t, dir))
	assert.Equal(t, "three\n", plain(t, filepath.Join(dir, "app.log.1.gz")))
	assert.Equal(t, "two\n", plain(t, filepath.Join(dir, "app.log.2.gz")))
	assert.Equal(t, uint64(3), f.Stats().Compressed)
	info, err = os.Stat(filepath.Join(dir, "app.log.2.gz"))
	require.NoError(t, err)
	assert.Equal(t, perm, info.Mode())
}

func TestCompressFindsABackupThatMovedUpMeanwhile(t *testing.T) {
	var text strings.Builder
	rng := rand.New(rand.NewPCG(1, 2))
	for range 1 << 18 {
		fmt.Fprintln(&text, rng.Uint64())
	}
	f, dir := rotating(t, RotatingFileConfig{BackupCount: -1, Compress: Gzip})
	write(t, f, text.String())
	var wg sync.WaitGroup
	wg.Go(func() { assert.NoError(t, f.Rollover()) })
	for i := range 5 {
		require.Eventually(t, func() bool { return f.Stats().Rotations > uint64(i) }, 5*time.Second, 100*time.Microsecond)
		write(t, f, fmt.Sprintf("%d\n", i))
		wg.Go(func() { assert.NoError(t, f.Rollover()) })
	}
	wg.Wait()
	require.NoError(t, f.Close())
	found := ""
	for _, name := range names(t, dir)[1:] {
		require.True(t, strings.HasSuffix(name, ".gz"), "%v", names(t, dir))
		found += plain(t, filepath.Join(dir, name))
	}
	assert.Len(t, found, text.Len()+10)
}

func TestCompressAtTheNextStartWhatWasLeft(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "app.log")
	for name, text := range map[string]string{"app.log.1": "one\n", "app.log.2": "two\n", "app.log.7": "seven\n"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	f, err := NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 10, BackupCount: 3, Compress: Gzip, OnError: unexpected(t)})
	require.NoError(t, err)
	require.NoError(t, f.Close())
	assert.Equal(t, []string{"app.log", "app.log.1.gz", "app.log.2.gz", "app.log.7.gz"}, names(t, dir))
}

func TestRecoverTrustsNoCompressedFileThatIsNotComplete(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "app.log")
	require.NoError(t, os.WriteFile(path+".1", []byte("one\n"), 0o600))
	require.NoError(t, os.WriteFile(path+".1.gz", []byte("half a gzip file"), 0o600))
	f, err := NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 10, BackupCount: 3, Compress: Gzip, OnError: unexpected(t)})
	require.NoError(t, err)
	require.NoError(t, f.Close())
	assert.Equal(t, "one\n", read(t, path+".1"))
}

func TestMaxAgeAndMaxTotalBytes(t *testing.T) {
	f, dir := rotating(t, RotatingFileConfig{BackupCount: -1, MaxAge: time.Hour})
	rolls(t, f, "old\n")
	old := time.Now().Add(-2 * time.Hour)
	require.NoError(t, os.Chtimes(filepath.Join(dir, "app.log.1"), old, old))
	rolls(t, f, "new\n")
	assert.Equal(t, map[string]string{"app.log": "", "app.log.2": "new\n"}, tree(t, dir))

	f, dir = rotating(t, RotatingFileConfig{BackupCount: 9, MaxTotalBytes: 10})
	rolls(t, f, "one\n", "two\n", "three\n", "four\n")
	assert.Equal(t, map[string]string{"app.log": "", "app.log.1": "four\n"}, tree(t, dir), "four and three are 11 bytes")
}

func TestOnRotate(t *testing.T) {
	for _, compress := range []string{"", Gzip} {
		var got []string
		var f *RotatingFile
		f, dir := rotating(t, RotatingFileConfig{BackupCount: 5, Compress: compress, OnRotate: func(path, backup string) {
			got = append(got, path, backup)
			assert.FileExists(t, backup)
			_, err := f.Write([]byte("from the hook\n"))
			assert.NoError(t, err)
		}})
		rolls(t, f, "one\n")
		want := filepath.Join(dir, "app.log.1")
		if compress != "" {
			want += gz
		}
		assert.Equal(t, []string{filepath.Join(dir, "app.log"), want}, got)
		assert.Equal(t, "from the hook\n", read(t, filepath.Join(dir, "app.log")))
	}
}

func TestOnRotateThatPanicsOrRollsOverBreaksNothing(t *testing.T) {
	var told errorLog
	f, dir := rotating(t, RotatingFileConfig{MaxBytes: 8, BackupCount: 5, OnError: told.add, OnRotate: func(string, string) { panic("oh") }})
	write(t, f, "one\n", "two\n", "three\n")
	require.NoError(t, f.Close())
	require.Len(t, told.list(), 1)
	assert.ErrorContains(t, told.list()[0], "OnRotate of "+f.path+": panic: oh")
	assert.Len(t, allLines(t, dir, "app.log"), 3)
}

func TestSymlinkLeadsToTheFile(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "current")
	symlink(t, "elsewhere", link)
	f, err := NewRotatingFile(RotatingFileConfig{Path: filepath.Join(dir, "app.log"), MaxBytes: 5, BackupCount: 1, Symlink: link, OnError: unexpected(t)})
	require.NoError(t, err)
	write(t, f, "one\n", "two\n")
	require.NoError(t, f.Close())
	assert.Equal(t, "two\n", read(t, link))
	assert.Equal(t, []string{"app.log", "app.log.1", "current"}, names(t, dir))
}

// A relative Symlink belongs to the working directory at construction, even if Delay makes the link later.
func TestSymlinkThatIsRelative(t *testing.T) {
	dir := t.TempDir()
	symlink(t, dir, filepath.Join(dir, "try")) // or skip
	t.Chdir(dir)
	f, err := NewRotatingFile(RotatingFileConfig{Path: "app.log", BackupCount: 1, Symlink: "current", Delay: true, OnError: unexpected(t)})
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	write(t, f, "one\n")
	require.NoError(t, f.Close())
	assert.Equal(t, "one\n", read(t, filepath.Join(dir, "current")))
}

func TestSymlinkNeverReplacesAFile(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "current")
	require.NoError(t, os.WriteFile(link, []byte("precious"), 0o600))
	var told errorLog
	f, err := NewRotatingFile(RotatingFileConfig{Path: filepath.Join(dir, "app.log"), Symlink: link, OnError: told.add})
	require.NoError(t, err)
	require.NoError(t, f.Close())
	assert.Equal(t, "precious", read(t, link))
	require.Len(t, told.list(), 1)
	assert.ErrorContains(t, told.list()[0], ": the Symlink "+link+": file already exists and is no symbolic link")
	assert.Equal(t, 1, strings.Count(told.list()[0].Error(), "writesyncers:"))
}

// A link may have any name that a file may have. What a killed process has left of making it is not in the way, and is removed.
func TestSymlinkAfterAKillAndWithALongName(t *testing.T) {
	for _, name := range []string{"current", strings.Repeat("l", 255)} {
		dir := t.TempDir()
		link := filepath.Join(dir, name)
		hidden := filepath.Join(dir, fsys.ShortName(".", name, ".link"))
		for _, now := range []string{"elsewhere", "app.log"} {
			_ = os.Remove(link)
			symlink(t, now, link)
			symlink(t, "app.log", hidden)
			f, err := NewRotatingFile(RotatingFileConfig{Path: filepath.Join(dir, "app.log"), BackupCount: 1, Symlink: link, OnError: unexpected(t)})
			require.NoError(t, err)
			require.NoError(t, f.Close())
			assert.Equal(t, []string{"app.log", name}, names(t, dir), "the link led to %s", now)
			to, err := os.Readlink(link)
			assert.NoError(t, err)
			assert.Equal(t, "app.log", to)
		}
	}
}

// If many processes make one link at the same time, none of them gets an error.
func TestSymlinkOfManyAtOnce(t *testing.T) {
	dir := t.TempDir()
	symlink(t, "elsewhere", filepath.Join(dir, "try")) // or skip
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			f, err := NewRotatingFile(RotatingFileConfig{
				Path: filepath.Join(dir, "app.log"), BackupCount: 1, Symlink: filepath.Join(dir, "current"), OnError: unexpected(t),
			})
			if assert.NoError(t, err) {
				assert.NoError(t, f.Close())
			}
		})
	}
	wg.Wait()
	assert.Equal(t, []string{"app.log", "current", "try"}, names(t, dir))
}

// A file that already exists may have no header, and may be shorter than one.
func TestHeaderIsLongerThanTheFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "app.log")
	require.NoError(t, os.WriteFile(path, []byte("found\n"), 0o600))
	f, err := NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 10, BackupCount: 3, Header: "a header of many words", OnError: unexpected(t)})
	require.NoError(t, err)
	write(t, f, "one\n")
	assert.Equal(t, "found\n", read(t, path+".1"), "by size")
	require.NoError(t, os.Truncate(path, 0))
	write(t, f, "two\n")
	require.NoError(t, f.Rollover())
	assert.Equal(t, "two\n", read(t, path+".1"), "by hand")
	require.NoError(t, f.Rollover())
	assert.Equal(t, "two\n", read(t, path+".1"), "there is nothing to roll over")
	require.NoError(t, f.Close())
}

func TestHeader(t *testing.T) {
	f, dir := rotating(t, RotatingFileConfig{MaxBytes: 16, BackupCount: 3, Header: "time level"})
	write(t, f, "a long first record\n", "one\n", "two\n")
	assert.Equal(t, map[string]string{
		"app.log": "time level\ntwo\n", "app.log.1": "time level\none\n", "app.log.2": "time level\na long first record\n",
	}, tree(t, dir), "a header alone is no reason to roll over")
	require.NoError(t, f.Rollover())
	require.NoError(t, f.Rollover())
	assert.Len(t, names(t, dir), 4)

	f, err := NewRotatingFile(RotatingFileConfig{Path: filepath.Join(dir, "app.log"), Header: "time level"})
	require.NoError(t, err)
	write(t, f, "three\n")
	require.NoError(t, f.Close())
	assert.Equal(t, "time level\nthree\n", read(t, filepath.Join(dir, "app.log")), "once")
}

func TestFsyncPolicies(t *testing.T) {
	every := map[FsyncPolicy]time.Duration{FsyncInterval: time.Millisecond}
	for policy := FsyncOnSync; policy <= FsyncEach; policy++ {
		f, dir := rotating(t, RotatingFileConfig{MaxBytes: 400, BackupCount: -1, Fsync: policy, FsyncEvery: every[policy]})
		var wg sync.WaitGroup
		for g := range 4 {
			wg.Go(func() {
				for i := range 50 {
					b, ends := batch(fmt.Sprintf("%d/%d\n", g, i), fmt.Sprintf("%d/%d'\n", g, i))
					_, err := f.WriteRecords(b, ends)
					assert.NoError(t, err)
				}
				assert.NoError(t, f.Sync())
			})
		}
		wg.Wait()
		assert.Len(t, allLines(t, dir, "app.log"), 400)
	}
	_, err := NewFile(FileConfig{Path: "x", Fsync: 9})
	assert.EqualError(t, err, "writesyncers: Fsync 9 is unknown: there are FsyncOnSync, FsyncNever, FsyncOnRotate, FsyncInterval and FsyncEach")
}

func TestRotationBehindTheWriter(t *testing.T) {
	for _, compress := range []string{"", Gzip} {
		f, dir := rotating(t, RotatingFileConfig{MaxBytes: 1 << 20, BackupCount: -1, Compress: compress})
		line := strings.Repeat("x", 1000)
		var wg sync.WaitGroup
		for g := range 4 {
			wg.Go(func() {
				for i := range 2000 {
					_, err := fmt.Fprintf(f, "%d/%d %s\n", g, i, line)
					assert.NoError(t, err)
				}
			})
		}
		wg.Wait()
		require.NoError(t, f.Close())
		seen := map[string]bool{}
		for _, name := range names(t, dir) {
			assert.False(t, strings.HasPrefix(name, "."), name)
			text := plain(t, filepath.Join(dir, name))
			assert.Less(t, len(text), 1<<20, name)
			for l := range strings.Lines(text) {
				seen[l] = true
			}
		}
		assert.Len(t, seen, 8000)
		assert.Equal(t, uint64(7), f.Stats().Rotations)
	}
}

func TestBackupConfigErrorsNameTheField(t *testing.T) {
	for _, tt := range []struct {
		cfg  RotatingFileConfig
		want string
	}{
		{RotatingFileConfig{MaxAge: -1}, "writesyncers: MaxAge -1ns is negative"},
		{RotatingFileConfig{MaxTotalBytes: -1}, "writesyncers: MaxTotalBytes -1 is negative"},
		{RotatingFileConfig{MaxBytes: 2000, MaxTotalBytes: 1999}, "writesyncers: MaxTotalBytes 1999 is less than MaxBytes 2000, so that each backup would go at once: make it MaxBytes times the backups to keep"},
		{RotatingFileConfig{Compress: "rar"}, `writesyncers: Compress "rar" is unknown: there is "gzip", and "" for none`},
	} {
		_, err := NewRotatingFile(tt.cfg)
		assert.EqualError(t, err, tt.want)
	}
}
