package writesyncers

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A terminal hangs up, as a serial line does whose adapter is taken out, and another is at its path later, or the same again.
func TestATerminalThatHangsUp(t *testing.T) {
	for name, open := range devices {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "tty")
			connect := func() (master *os.File) {
				master, at := terminal(t)
				_ = os.Remove(path)
				require.NoError(t, os.Symlink(at, path))
				return master
			}
			arrives := func(master *os.File, text string) {
				t.Helper()
				b := make([]byte, len(text)+2)
				_, err := io.ReadFull(master, b)
				require.NoError(t, err)
				assert.Equal(t, text+"\r\n", string(b))
			}
			master := connect()
			f, err := open(path, unexpected(t))
			require.NoError(t, err)
			for range 2 {
				write(t, f, "longer than the buffer\n")
				arrives(master, "longer than the buffer")
				require.NoError(t, master.Close())
				for range 2 {
					_, err := f.Write([]byte("a record longer than the buffer\n"))
					assert.ErrorIs(t, err, unix.EIO)
				}
				master = connect()
			}
			require.NoError(t, f.Close())
		})
	}
}

// terminal makes a terminal, which hangs up when master is closed.
func terminal(t *testing.T) (master *os.File, path string) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no terminals here: ", err)
	}
	t.Cleanup(func() { _ = master.Close() })
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	require.NoError(t, unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0))
	return master, "/dev/pts/" + strconv.Itoa(number)
}
