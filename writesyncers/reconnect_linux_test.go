package writesyncers

import (
	"path/filepath"
	"testing"

	"example.com/zaphandlers/internal/peers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// The process of a FUSE file system ends, and another takes its place: what is written meanwhile is refused, and what comes then is taken,
// though nobody has opened the file anew. While nothing is mounted no file is made in the directory beneath.
func TestAFileSystemThatComesBack(t *testing.T) {
	for name, open := range map[string]func(path string, onError func(error)) (writeCloser, error){
		"File": func(path string, onError func(error)) (writeCloser, error) {
			return NewFile(FileConfig{Path: path, OnError: onError})
		},
		"Buffer": func(path string, onError func(error)) (writeCloser, error) {
			return NewFile(FileConfig{Path: path, Buffer: 8, FlushEvery: -1, OnError: onError})
		},
		"WatchedFile": func(path string, onError func(error)) (writeCloser, error) {
			return NewWatchedFile(WatchedFileConfig{Path: path, OnError: onError})
		},
		"RotatingFile": func(path string, onError func(error)) (writeCloser, error) {
			return NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 1000, BackupCount: 3, OnError: onError})
		},
		"TimedRotatingFile": func(path string, onError func(error)) (writeCloser, error) {
			return NewTimedRotatingFile(TimedRotatingFileConfig{Path: path, When: "D", OnError: onError})
		},
	} {
		t.Run(name, func(t *testing.T) {
			lower, at := t.TempDir(), t.TempDir()
			kill, unmount := peers.MountOver(t, lower, at)
			f, err := open(filepath.Join(at, "app.log"), unexpected(t))
			require.NoError(t, err)
			write(t, f, "before\n")
			require.NoError(t, f.Sync())
			kill()
			refused := func() {
				for range 2 {
					_, err := f.Write([]byte("a record longer than the buffer\n"))
					assert.ErrorIs(t, err, unix.ENOTCONN)
				}
			}
			refused()
			unmount()
			refused()
			assert.Empty(t, names(t, at))
			peers.MountOver(t, lower, at)
			write(t, f, "after\n", "and more\n")
			assert.ErrorIs(t, f.Sync(), unix.ENOTCONN, "of what was before nothing is known")
			require.NoError(t, f.Sync())
			require.NoError(t, f.Close())
			assert.Equal(t, "before\nafter\nand more\n", read(t, filepath.Join(lower, "app.log")))
		})
	}
}
