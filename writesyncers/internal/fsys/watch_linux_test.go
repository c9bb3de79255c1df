package fsys

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// instances counts the instances of inotify that this process has.
func instances(t *testing.T) (n int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	for _, e := range entries {
		if to, _ := os.Readlink("/proc/self/fd/" + e.Name()); strings.Contains(to, "inotify") {
			n++
		}
	}
	return n
}

func watched(t *testing.T, path string) (*os.File, *Watch) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	w, err := NewWatch()
	require.NoError(t, err)
	t.Cleanup(w.Close)
	require.NoError(t, w.Follow(f))
	return f, w
}

// A user has 128 instances, for all his programs.
func TestManyWatchesTakeOneInstance(t *testing.T) {
	before := instances(t)
	dir := t.TempDir()
	var all []*Watch
	for i := range 300 {
		_, w := watched(t, filepath.Join(dir, fmt.Sprint(i)))
		all = append(all, w)
	}
	assert.Equal(t, before+1, instances(t))
	require.NoError(t, os.Rename(filepath.Join(dir, "7"), filepath.Join(dir, "seven")))
	require.NoError(t, os.Remove(filepath.Join(dir, "9")))
	for i, w := range all {
		assert.Equal(t, i == 7 || i == 9, w.Any(), "%d", i)
		assert.False(t, w.Any(), "once")
		w.Close()
		w.Close()
	}
	assert.Equal(t, before, instances(t))
}

func TestTwoWatchesOfOneFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	f, one := watched(t, path)
	_, other := watched(t, path)
	require.NoError(t, os.Rename(path, path+".1"))
	assert.True(t, one.Any())
	one.Close()
	assert.True(t, other.Any(), "the event was read by the other")
	require.NoError(t, os.Rename(path+".1", path))
	assert.True(t, other.Any(), "the watch of the inode stays")
	require.NoError(t, os.Rename(path, path+".1"))
	require.NoError(t, other.Follow(f))
	assert.False(t, other.Any(), "forgotten")
}

// A Watch that reads an event of another one hands it over before the other can miss it.
func TestAnEventIsNeverMissed(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for i := range 4 {
		path := filepath.Join(dir, fmt.Sprint(i))
		_, w := watched(t, path)
		wg.Go(func() {
			for k := range 500 {
				if k%2 == 0 {
					assert.NoError(t, os.Rename(path, path+".1"))
				} else {
					assert.NoError(t, os.Rename(path+".1", path))
				}
				assert.True(t, w.Any())
			}
		})
	}
	wg.Wait()
}
