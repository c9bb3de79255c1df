package appendfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var lines = Options{Perm: 0o644, LineEnd: []byte{'\n'}}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

func TestATornLineGetsAnEnd(t *testing.T) {
	for name, tt := range map[string]struct{ found, record, want string }{
		"a whole line":             {"one\n", "two\n", "one\ntwo\n"},
		"a torn line":              {"on", "two\n", "on\ntwo\n"},
		"a record that is no line": {"on", "two", "ontwo"},
		"an empty file":            {"", "two\n", "two\n"},
	} {
		path := filepath.Join(t.TempDir(), "app.log")
		require.NoError(t, os.WriteFile(path, []byte(tt.found), 0o600))
		f, err := Open(path, path, 0, lines)
		require.NoError(t, err)
		_, err = f.Write([]byte(tt.record))
		require.NoError(t, err)
		assert.Equal(t, int64(len(tt.want)), f.Size(), name)
		require.NoError(t, f.Close())
		assert.Equal(t, tt.want, read(t, path), name)
	}
}

// Of a character of several bytes, too, only a part may have got into the file.
func TestATornCharacterIsFilledUp(t *testing.T) {
	for name, tt := range map[string]struct{ end, found, record, want string }{
		"UTF-16, a torn character":    {"\n\x00", "o\x00n", "t\x00\n\x00", "o\x00n\x00\n\x00t\x00\n\x00"},
		"UTF-16, a torn line":         {"\n\x00", "o\x00n\x00", "t\x00\n\x00", "o\x00n\x00\n\x00t\x00\n\x00"},
		"UTF-16, half a line end":     {"\n\x00", "o\x00\n", "t\x00\n\x00", "o\x00\n\x00\n\x00t\x00\n\x00"},
		"UTF-32":                      {"\x00\x00\x00\n", "\x00\x00", "\x00\x00\x00t\x00\x00\x00\n", "\x00\x00\x00\x00\x00\x00\x00\n\x00\x00\x00t\x00\x00\x00\n"},
		"line ends of two characters": {"\r\n", "one", "two\r\n", "one\r\ntwo\r\n"},
	} {
		path := filepath.Join(t.TempDir(), "app.log")
		require.NoError(t, os.WriteFile(path, []byte(tt.found), 0o600))
		f, err := Open(path, path, 0, Options{Perm: 0o644, LineEnd: []byte(tt.end)})
		require.NoError(t, err)
		_, err = f.Write([]byte(tt.record))
		require.NoError(t, err)
		require.NoError(t, f.Close())
		assert.Equal(t, tt.want, read(t, path), name)
	}
}

func TestRefreshKnowsWhatOthersDid(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	f, err := Open(path, path, 0, lines)
	require.NoError(t, err)
	defer f.Close()
	_, err = f.Write([]byte("one\n"))
	require.NoError(t, err)
	assert.False(t, f.Refresh())
	require.NoError(t, os.Truncate(path, 0))
	assert.False(t, f.Unchanged())
	assert.True(t, f.Refresh())
	assert.Zero(t, f.Size())
	_, err = f.Write([]byte("two\n"))
	require.NoError(t, err)
	assert.Equal(t, "two\n", read(t, path), "no hole")
}

// The name in errors is that of the log, not the one that the file had when it was opened.
func TestErrorsNameTheLog(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "app.log")
	_, err := Open(filepath.Join(dir, "no", "such"), log, 0, lines)
	var path *fs.PathError
	require.True(t, errors.As(err, &path))
	assert.Equal(t, log, path.Path)
	assert.ErrorIs(t, err, fs.ErrNotExist)

	f, err := Open(filepath.Join(dir, "hidden"), log, os.O_EXCL, lines)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	_, err = f.Write([]byte("one\n"))
	require.True(t, errors.As(err, &path))
	assert.Equal(t, log, path.Path)
	assert.True(t, f.Closed())
}

func TestLeadsHere(t *testing.T) {
	log := filepath.Join(t.TempDir(), "app.log")
	f, err := Open(log, log, 0, lines)
	require.NoError(t, err)
	defer f.Close()
	here, err := f.LeadsHere()
	require.NoError(t, err)
	assert.True(t, here)
	here, err = f.IsHere()
	require.NoError(t, err)
	assert.True(t, here)
	other, err := Open(log+".next", log, os.O_EXCL, lines)
	require.NoError(t, err)
	defer other.Close()
	here, err = other.LeadsHere()
	require.NoError(t, err)
	assert.False(t, here)
	here, err = other.IsHere()
	require.NoError(t, err)
	assert.False(t, here)
}
