//go:build unix

package writer

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/writesyncers/internal/appendfile"
	base "example.com/zaphandlers/zapcore"
)

// config is that of a Writer on app.log in a directory of its own.
func config(t *testing.T) Config {
	t.Helper()
	return Config{
		Path: filepath.Join(t.TempDir(), "app.log"), File: appendfile.Options{Perm: 0o644, LineEnd: []byte{'\n'}},
		FlushEvery: time.Second, SyncEvery: time.Second,
		Report: base.NewReporter("writesyncers", func(err error) { assert.NoError(t, err, "told to OnError") }),
	}
}

// A writer that is delayed between the check and the write finds the file gone, and cannot know whether it was read.
func TestWatchHeldUpWritesAgain(t *testing.T) {
	cfg := config(t)
	cfg.Watch = &Watch{}
	w, err := New(cfg)
	require.NoError(t, err)
	write := func(record string) {
		_, err := w.Write([]byte(record))
		require.NoError(t, err)
	}
	write("one\n")
	w.mu.Lock()
	require.NoError(t, w.ready(4))
	require.NoError(t, os.Rename(cfg.Path, cfg.Path+".1"))
	w.strategy.(*watch).asked = time.Now().Add(-late)
	_, err = w.put([]byte("two\n"), 1)
	w.unlock()
	require.NoError(t, err)
	write("three\n")
	for name, want := range map[string]string{cfg.Path: "two\nthree\n", cfg.Path + ".1": "one\ntwo\n"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.Equal(t, want, string(text), name)
	}
	assert.Equal(t, uint64(1), w.Counts().Repeated)
	require.NoError(t, w.Close())
}

// A write that is delayed again, in the file that has replaced the first one, is repeated once more.
func TestWatchHeldUpTwiceWritesTwiceAgain(t *testing.T) {
	before := IsLocal
	t.Cleanup(func() { IsLocal = before })
	cfg := config(t)
	cfg.Watch = &Watch{}
	w, err := New(cfg)
	require.NoError(t, err)
	_, err = w.Write([]byte("one\n"))
	require.NoError(t, err)
	w.mu.Lock()
	require.NoError(t, w.ready(4))
	require.NoError(t, os.Rename(cfg.Path, cfg.Path+".1"))
	s := w.strategy.(*watch)
	s.asked = time.Now().Add(-late)
	opened := 0
	IsLocal = func(f *os.File) bool { // is asked when the next file is open, and before the record is written to it
		if opened++; opened == 1 {
			require.NoError(t, os.Rename(cfg.Path, cfg.Path+".2"))
			s.asked = time.Now().Add(-late)
		}
		return before(f)
	}
	_, err = w.put([]byte("two\n"), 1)
	w.unlock()
	require.NoError(t, err)
	for name, want := range map[string]string{cfg.Path: "two\n", cfg.Path + ".1": "one\ntwo\n", cfg.Path + ".2": "two\n"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.Equal(t, want, string(text), name)
	}
	assert.Equal(t, uint64(2), w.Counts().Repeated)
	require.NoError(t, w.Close())
}

// What went into a file that was removed meanwhile, and could not be written to the one in its place, is nowhere.
func TestWatchHeldUpCannotWriteAgain(t *testing.T) {
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skip(err)
	}
	for _, move := range []func(path string) error{os.Remove, func(path string) error { return os.Rename(path, path+".1") }} {
		cfg := config(t)
		cfg.Watch = &Watch{}
		w, err := New(cfg)
		require.NoError(t, err)
		w.mu.Lock()
		require.NoError(t, w.ready(4))
		require.NoError(t, move(cfg.Path))
		require.NoError(t, os.Symlink(full, cfg.Path))
		w.strategy.(*watch).asked = time.Now().Add(-late)
		_, err = w.put([]byte("two\n"), 1)
		w.unlock()
		if text, readErr := os.ReadFile(cfg.Path + ".1"); readErr == nil {
			require.NoError(t, err, "it can be found")
			assert.Equal(t, "two\n", string(text))
		} else {
			require.ErrorContains(t, err, "no space left on device")
		}
		assert.Zero(t, w.Counts().Repeated)
		require.NoError(t, w.Close())
	}
}

// A Close that waits for the lock is no failure of the write that has it: nobody is told.
func TestNobodyIsToldOfAClose(t *testing.T) {
	cfg := config(t)
	cfg.Watch = &Watch{}
	w, err := New(cfg)
	require.NoError(t, err)
	_, err = w.Write([]byte("one\n"))
	require.NoError(t, err)
	w.mu.Lock()
	closed := make(chan error)
	go func() { closed <- w.Close() }()
	for !w.closing.Load() {
		runtime.Gosched()
	}
	require.NoError(t, os.Rename(cfg.Path, cfg.Path+".1"))
	require.NoError(t, w.strategy.look())
	w.unlock()
	require.NoError(t, <-closed)
}
