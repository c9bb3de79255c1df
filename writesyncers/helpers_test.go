package writesyncers

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const gz = ".gz"

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// writeCloser has the methods of all our writers.
type writeCloser interface {
	Write([]byte) (int, error)
	WriteRecords([]byte, []int) (int, error)
	Sync() error
	Close() error
}

// read returns what is in a file.
func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

// names lists a directory, hidden files included.
func names(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	list := []string{}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// write writes records and wants each of them taken.
func write(t testing.TB, w interface{ Write([]byte) (int, error) }, records ...string) {
	t.Helper()
	for _, r := range records {
		n, err := w.Write([]byte(r))
		require.NoError(t, err)
		require.Equal(t, len(r), n)
	}
}

// batch puts records end to end, as WriteRecords expects them.
func batch(records ...string) (b []byte, ends []int) {
	for _, r := range records {
		b = append(b, r...)
		ends = append(ends, len(b))
	}
	return b, ends
}

// errorLog is an OnError that collects its errors.
type errorLog struct {
	mu   sync.Mutex
	errs []error
}

func (l *errorLog) add(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.errs = append(l.errs, err)
}

func (l *errorLog) list() []error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]error(nil), l.errs...)
}

// unexpected is an OnError for tests in which nothing goes wrong.
func unexpected(t testing.TB) func(error) {
	return func(err error) { assert.NoError(t, err, "told to OnError") }
}

// plain returns the contents of a file, decompressed if its name says so.
func plain(t testing.TB, path string) string {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, gz) {
		r, err = gzip.NewReader(f)
		require.NoError(t, err, path)
	}
	b, err := io.ReadAll(r)
	require.NoError(t, err, path)
	return string(b)
}

// allLines returns every line of every file in dir whose name begins with prefix; without one, also those of files that wait for
// their names.
func allLines(t testing.TB, dir, prefix string) []string {
	t.Helper()
	var lines []string
	for _, name := range names(t, dir) {
		if hidden := filepath.Join(dir, name); prefix == "" && strings.HasSuffix(name, ".rotation") {
			lines = append(lines, allLines(t, hidden, "out-")...)
		} else if strings.HasPrefix(name, prefix) {
			text := read(t, filepath.Join(dir, name))
			if text != "" {
				lines = append(lines, strings.Split(strings.TrimSuffix(text, "\n"), "\n")...)
			}
		}
	}
	return lines
}

// symlink makes a symbolic link, or skips the test where there are none.
func symlink(t testing.TB, to, link string) {
	t.Helper()
	err := os.Symlink(to, link)
	if err == nil {
		_, err = os.Readlink(link)
	}
	if info, statErr := os.Lstat(link); err != nil || statErr != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Skipf("no symbolic links here: %v", err)
	}
}
