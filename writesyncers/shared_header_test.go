//go:build unix

package writesyncers

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/writesyncers/internal/rotation"
)

// A file that several processes write to begins with one Header, whoever comes to it between its being there and its being begun.
func TestSharedFilesHaveOneHeader(t *testing.T) {
	defer func(step func(string)) { rotation.Step = step }(rotation.Step)
	cfg := RotatingFileConfig{Path: filepath.Join(t.TempDir(), "app.log"), MaxBytes: 100, BackupCount: -1, Shared: true, Header: "# header"}
	f, err := NewRotatingFile(cfg)
	require.NoError(t, err)
	var other *RotatingFile
	rotation.Step = func(name string) {
		if name == "exchanged" && other == nil {
			other, err = NewRotatingFile(cfg)
			require.NoError(t, err)
			write(t, other, "the other's\n")
		}
	}
	write(t, f, strings.Repeat("x", 60)+"\n", strings.Repeat("y", 60)+"\n")
	require.NoError(t, f.Close())
	require.NoError(t, other.Close())
	require.Equal(t, "# header\nthe other's\n"+strings.Repeat("y", 60)+"\n", read(t, cfg.Path))
}

// So does one that they all begin with.
func TestSharedFilesThatAreMadeAtOnceHaveOneHeader(t *testing.T) {
	for range 20 {
		cfg := RotatingFileConfig{Path: filepath.Join(t.TempDir(), "app.log"), MaxBytes: 1 << 20, BackupCount: -1, Shared: true, Header: "# header"}
		begin := make(chan struct{})
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				<-begin
				f, err := NewRotatingFile(cfg)
				if err == nil {
					_, err = fmt.Fprintf(f, "record %d\n", i)
				}
				if err == nil {
					err = f.Close()
				}
				require.NoError(t, err)
			})
		}
		close(begin)
		all.Wait()
		lines := strings.Split(read(t, cfg.Path), "\n")
		require.Len(t, lines, 1+8+1)
		require.Equal(t, "# header", lines[0])
		require.Equal(t, 1, strings.Count(strings.Join(lines, "\n"), "# header"))
	}
}

// And so does one that several open without being Shared, where the system has a lock for that.
func TestFilesThatAreMadeAtOnceHaveOneHeader(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("no locks of open files")
	}
	for name, open := range map[string]func(path string) (writeCloser, error){
		"File": func(path string) (writeCloser, error) { return NewFile(FileConfig{Path: path, Header: "# header"}) },
		"WatchedFile": func(path string) (writeCloser, error) {
			return NewWatchedFile(WatchedFileConfig{Path: path, Header: "# header"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			for range 50 {
				path := filepath.Join(t.TempDir(), "app.log")
				begin := make(chan struct{})
				var all sync.WaitGroup
				for i := range 8 {
					all.Go(func() {
						<-begin
						f, err := open(path)
						if err == nil {
							_, err = fmt.Fprintf(f, "record %d\n", i)
						}
						if err == nil {
							err = f.Close()
						}
						assert.NoError(t, err)
					})
				}
				close(begin)
				all.Wait()
				text := read(t, path)
				require.True(t, strings.HasPrefix(text, "# header\n"))
				require.Equal(t, 1, strings.Count(text, "# header"))
				require.Equal(t, 1+8, strings.Count(text, "\n"))
			}
		})
	}
}
