package writesyncers

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rotating returns a RotatingFile on app.log in a directory of its own.
func rotating(t *testing.T, cfg RotatingFileConfig) (*RotatingFile, string) {
	t.Helper()
	dir := t.TempDir()
	cfg.Path = filepath.Join(dir, "app.log")
	if cfg.OnError == nil {
		cfg.OnError = unexpected(t)
	}
	f, err := NewRotatingFile(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, f.Close()) })
	return f, dir
}

// tree returns the files of dir with their contents.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, name := range names(t, dir) {
		files[name] = read(t, filepath.Join(dir, name))
	}
	return files
}

func TestRotatingFileKeepsPythonsRule(t *testing.T) {
	for _, tt := range []struct {
		name    string
		max     int64
		count   int
		records []string
		want    map[string]string
	}{
		{
			"a record that would make the file reach MaxBytes goes into the next", 10, 2, []string{"1234\n", "678\n", "a\n"},
			map[string]string{"app.log": "a\n", "app.log.1": "1234\n678\n"},
		}, {
			"exactly MaxBytes is too much", 10, 2, []string{"1234\n", "6789\n"},
			map[string]string{"app.log": "6789\n", "app.log.1": "1234\n"},
		}, {
			"an empty file never rolls over", 4, 2, []string{"longer than that\n"},
			map[string]string{"app.log": "longer than that\n"},
		}, {
			"numbers go up and the oldest goes", 4, 2, []string{"one\n", "two\n", "three\n", "four\n"},
			map[string]string{"app.log": "four\n", "app.log.1": "three\n", "app.log.2": "two\n"},
		}, {
			"BackupCount 0 never rolls over", 4, 0, []string{"one\n", "two\n"},
			map[string]string{"app.log": "one\ntwo\n"},
		}, {
			"MaxBytes 0 never rolls over", 0, 3, []string{"one\n", "two\n"},
			map[string]string{"app.log": "one\ntwo\n"},
		}, {
			"BackupCount -1 keeps all, and numbers upwards", 4, -1, []string{"one\n", "two\n", "three\n", "four\n"},
			map[string]string{"app.log": "four\n", "app.log.1": "one\n", "app.log.2": "two\n", "app.log.3": "three\n"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, dir := rotating(t, RotatingFileConfig{MaxBytes: tt.max, BackupCount: tt.count})
			write(t, f, tt.records...)
			assert.Equal(t, tt.want, tree(t, dir))

			f, dir = rotating(t, RotatingFileConfig{MaxBytes: tt.max, BackupCount: tt.count})
			n, err := f.WriteRecords(batch(tt.records...))
			require.NoError(t, err)
			assert.Equal(t, len(tt.records), n)
			assert.Equal(t, tt.want, tree(t, dir), "as one batch")
		})
	}
}

func TestRotatingFileNeverSplitsARecordOfManyLines(t *testing.T) {
	var records []string
	for i := range 200 {
		records = append(records, fmt.Sprintf("<%d\n%s>\n", i, strings.Repeat("more\n", i%7)))
	}
	f, dir := rotating(t, RotatingFileConfig{MaxBytes: 300, BackupCount: -1})
	for len(records) > 0 {
		k := min(len(records), 1+len(records)%13)
		n, err := f.WriteRecords(batch(records[:k]...))
		require.NoError(t, err)
		require.Equal(t, k, n)
		records = records[k:]
	}
	files := tree(t, dir)
	assert.Equal(t, int(f.Stats().Rotations)+1, len(files))
	for name, text := range files {
		assert.True(t, strings.HasPrefix(text, "<") && strings.HasSuffix(text, ">\n"), "%s begins or ends inside a record", name)
		assert.Less(t, len(text), 300, name)
	}
}

func TestRotatingFileGoesOnWithTheFileItFinds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	require.NoError(t, os.WriteFile(path, []byte("12345678\n"), 0o600))
	f, err := NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 10, BackupCount: 1, Mode: ModeTruncate, Delay: true})
	require.NoError(t, err)
	write(t, f, "one\n")
	require.NoError(t, f.Close())
	assert.Equal(t, map[string]string{"app.log": "one\n", "app.log.1": "12345678\n"}, tree(t, filepath.Dir(path)))
}

func TestRotatingFileNamer(t *testing.T) {
	f, dir := rotating(t, RotatingFileConfig{MaxBytes: 4, BackupCount: 2, Namer: func(name string) string { return name + ".old" }})
	write(t, f, "one\n", "two\n", "three\n", "four\n")
	assert.Equal(t, map[string]string{"app.log": "four\n", "app.log.1.old": "three\n", "app.log.2.old": "two\n"}, tree(t, dir))
}

func TestRotatingFileRotator(t *testing.T) {
	f, dir := rotating(t, RotatingFileConfig{MaxBytes: 4, BackupCount: 2, Rotator: func(src, dst string) error {
		b, err := os.ReadFile(src)
		if err != nil {
			return err
		}
		if err := os.WriteFile(dst, []byte(strings.ToUpper(string(b))), 0o600); err != nil {
			return err
		}
		return os.Remove(src)
	}})
	write(t, f, "one\n", "two\n", "three\n")
	assert.Equal(t, map[string]string{"app.log": "three\n", "app.log.1": "TWO\n", "app.log.2": "ONE\n"}, tree(t, dir))
}

func TestRotatingFileRotatorThatFailsLosesNothing(t *testing.T) {
	var told errorLog
	broken := true
	f, dir := rotating(t, RotatingFileConfig{MaxBytes: 4, BackupCount: 2, OnError: told.add, Rotator: func(src, dst string) error {
		if broken {
			panic("no")
		}
		return os.Rename(src, dst)
	}})
	write(t, f, "one\n", "two\n", "three\n", "four\n")
	require.Len(t, allLines(t, dir, ""), 4, "every record is somewhere: %v", names(t, dir))
	assert.NotEmpty(t, told.list())
	broken = false
	for range 3 { // the first calls only finish what was left
		require.NoError(t, f.Rollover())
	}
	assert.ElementsMatch(t, []string{"one", "two", "three", "four"}, allLines(t, dir, "app.log"))
}

func TestRotatingFileShouldRollover(t *testing.T) {
	f, dir := rotating(t, RotatingFileConfig{MaxBytes: 1, BackupCount: 5, ShouldRollover: func(size int64, n int) bool {
		assert.NotZero(t, size)
		return n == 1
	}})
	n, err := f.WriteRecords(batch("one\n", "two\n", "\n", "three\n"))
	require.NoError(t, err)
	require.Equal(t, 4, n)
	assert.Equal(t, map[string]string{"app.log": "\nthree\n", "app.log.1": "one\ntwo\n"}, tree(t, dir))
}

func TestRotatingFileRollover(t *testing.T) {
	f, dir := rotating(t, RotatingFileConfig{BackupCount: 1})
	require.NoError(t, f.Rollover(), "an empty file stays")
	write(t, f, "one\n")
	require.NoError(t, f.Rollover())
	assert.Equal(t, map[string]string{"app.log": "", "app.log.1": "one\n"}, tree(t, dir))
	require.NoError(t, f.Close())
	assert.ErrorIs(t, f.Rollover(), os.ErrClosed)
}

func TestRotatingFileFollowsASymbolicLink(t *testing.T) {
	dir, links := t.TempDir(), t.TempDir()
	link := filepath.Join(links, "link")
	symlink(t, filepath.Join(dir, "app.log"), link)
	f, err := NewRotatingFile(RotatingFileConfig{Path: link, MaxBytes: 4, BackupCount: 1})
	require.NoError(t, err)
	write(t, f, "one\n", "two\n")
	require.NoError(t, f.Close())
	assert.Equal(t, map[string]string{"app.log": "two\n", "app.log.1": "one\n"}, tree(t, dir))
	assert.Equal(t, []string{"link"}, names(t, links))
}

func TestRotatingFileNeverRotatesADevice(t *testing.T) {
	for _, path := range []string{os.DevNull, "/dev/stdout"} {
		if _, err := os.Stat(path); err != nil {
			t.Skip(err)
		}
		f, err := NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 2, BackupCount: 1, OnError: unexpected(t)})
		require.NoError(t, err)
		write(t, f, "\n", "\n")
		assert.NoError(t, f.Sync())
		require.NoError(t, f.Rollover())
		require.NoError(t, f.Close())
		assert.Zero(t, f.Stats().Rotations)
	}
}

func TestRotatingFileUnderManyGoroutines(t *testing.T) {
	f, dir := rotating(t, RotatingFileConfig{MaxBytes: 500, BackupCount: -1})
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 200 {
				if i%2 == 0 {
					_, err := fmt.Fprintf(f, "%d/%d\n", g, i)
					assert.NoError(t, err)
					continue
				}
				b, ends := batch(fmt.Sprintf("%d/%d\n", g, i), fmt.Sprintf("%d/%d'\n", g, i))
				_, err := f.WriteRecords(b, ends)
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
	seen := map[string]int{}
	for _, line := range allLines(t, dir, "app.log") {
		seen[line]++
	}
	assert.Len(t, seen, 1200)
	for name, text := range tree(t, dir) {
		assert.Less(t, len(text), 500, name)
	}
}

func TestRotatingFileConfigErrorsNameTheField(t *testing.T) {
	_, err := NewRotatingFile(RotatingFileConfig{Path: "a", MaxBytes: -1})
	assert.EqualError(t, err, "writesyncers: MaxBytes -1 is negative")
	_, err = NewRotatingFile(RotatingFileConfig{Path: "a", BackupCount: -2})
	assert.EqualError(t, err, "writesyncers: BackupCount -2 is less than -1")
	_, err = NewRotatingFile(RotatingFileConfig{})
	assert.EqualError(t, err, "writesyncers: Path is required")
	assert.False(t, errors.Is(err, os.ErrClosed))
}
