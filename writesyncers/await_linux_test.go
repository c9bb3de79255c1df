package writesyncers

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// While others write to a file, it may be without a line end when it is opened. That is not a torn line.
func TestALineThatOthersAreWritingIsNotEnded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	line := []byte(strings.Repeat("x", 8000) + "\n") // long enough that one can see half of it
	stop := make(chan struct{})
	var others sync.WaitGroup
	for range 2 {
		other, err := NewFile(FileConfig{Path: path})
		require.NoError(t, err)
		others.Go(func() {
			defer other.Close()
			for {
				select {
				case <-stop:
					return
				default:
					_, _ = other.Write(line)
				}
			}
		})
	}
	for range 1000 {
		f, err := NewFile(FileConfig{Path: path})
		require.NoError(t, err)
		_, err = f.Write(line)
		require.NoError(t, err)
		require.NoError(t, f.Close())
	}
	close(stop)
	others.Wait()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Zero(t, len(content)%len(line))
	require.Equal(t, len(content)/len(line), bytes.Count(content, line), "whole lines, and nothing else")
}
