//go:build unix

package writesyncers

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// devices are the kinds of file that do not look at their path before they write.
var devices = map[string]func(path string, onError func(error)) (writeCloser, error){
	"File": func(path string, onError func(error)) (writeCloser, error) {
		return NewFile(FileConfig{Path: path, OnError: onError})
	},
	"Buffer": func(path string, onError func(error)) (writeCloser, error) {
		return NewFile(FileConfig{Path: path, Buffer: 8, FlushEvery: -1, OnError: onError})
	},
	"RotatingFile": func(path string, onError func(error)) (writeCloser, error) {
		return NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 1000, BackupCount: 3, OnError: onError})
	},
	"TimedRotatingFile": func(path string, onError func(error)) (writeCloser, error) {
		return NewTimedRotatingFile(TimedRotatingFileConfig{Path: path, When: "D", OnError: onError})
	},
}

// A daemon reads a pipe, ends, and makes its pipe anew when it starts: what is written meanwhile is refused, and what comes then arrives.
// While there is no pipe no file is made in its place, and one that is there is not written to.
func TestAPipeThatIsMadeAnew(t *testing.T) {
	for name, open := range devices {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "pipe")
			listen := func() (reader *os.File) {
				require.NoError(t, syscall.Mkfifo(path, 0o600))
				reader, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
				require.NoError(t, err)
				t.Cleanup(func() { _ = reader.Close() })
				return reader
			}
			arrives := func(reader *os.File, text string) {
				t.Helper()
				b := make([]byte, 2*len(text))
				n, err := reader.Read(b)
				require.NoError(t, err)
				assert.Equal(t, text, string(b[:n]))
			}
			reader := listen()
			f, err := open(path, unexpected(t))
			require.NoError(t, err)
			write(t, f, "before, longer than the buffer\n")
			arrives(reader, "before, longer than the buffer\n")
			require.NoError(t, reader.Close())
			refused := func(want error) {
				t.Helper()
				for range 2 {
					_, err := f.Write([]byte("a record longer than the buffer\n"))
					assert.ErrorIs(t, err, want)
				}
			}
			refused(syscall.EPIPE)
			require.NoError(t, os.Remove(path))
			refused(syscall.EPIPE)
			assert.NoFileExists(t, path)
			require.NoError(t, os.WriteFile(path, nil, 0o600))
			refused(syscall.EPIPE)
			assert.Empty(t, read(t, path))
			require.NoError(t, os.Remove(path))
			require.NoError(t, syscall.Mkfifo(path, 0o600))
			refused(syscall.ENXIO)
			require.NoError(t, os.Remove(path))
			reader = listen()
			write(t, f, "after, longer than the buffer\n")
			arrives(reader, "after, longer than the buffer\n")
			require.NoError(t, f.Close())
		})
	}
}
