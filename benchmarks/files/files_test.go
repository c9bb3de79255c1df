package files

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSuite(t *testing.T) { Suite.Smoke(t) }

func BenchmarkSuite(b *testing.B) { Suite.Benchmark(b) }

// A pause is looked for only where files are full: there each of the writers must rotate, and nowhere else.
func TestWritersRotateWhereThePauseIsLookedFor(t *testing.T) {
	const limit, rotations = 1 << 20, 3
	line := record(200)
	perFile := limit / len(line)
	for _, w := range []writer{renameFloor, rotating, timed, lumber, timber, lestrrat, phuslu} {
		t.Run(w.name, func(t *testing.T) {
			dir := t.TempDir()
			out, err := w.open(filepath.Join(dir, "app.log"), rotation{limit, 5})
			require.NoError(t, err)
			var at []int
			last := int64(0)
			for i := range perFile*rotations + perFile/2 {
				_, err := out.Write(line)
				require.NoError(t, err)
				size := smallest(t, dir)
				if size < last {
					at = append(at, i)
				}
				last = size
			}
			require.NoError(t, out.Close())
			require.Len(t, at, rotations)
			for r, i := range at {
				from, to := fullAt(perFile, r+1)
				assert.GreaterOrEqual(t, i, from)
				assert.Less(t, i, to)
			}
		})
	}
}

// smallest returns the size of the smallest log file in a directory that is not empty: the one in use.
func smallest(t *testing.T, dir string) int64 {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	size := int64(math.MaxInt64)
	for _, e := range entries {
		if !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") || strings.HasSuffix(e.Name(), "_lock") {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // renamed meanwhile
		}
		require.NoError(t, err)
		if info.Size() > 0 {
			size = min(size, info.Size())
		}
	}
	return size
}

func TestLines(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"app.log":   "whole\nwhole\n",
		"app.log.1": "whole\nwho",
		"app.log.2": "whwhole\nole\n\nwhole\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	found, torn, err := lines(dir, "whole\n")
	require.NoError(t, err)
	assert.Equal(t, 4, found)
	assert.Equal(t, 4, torn)
}
