package errno

import (
	"io"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAgain(t *testing.T) {
	for _, want := range []error{nil, io.EOF} {
		calls := 0
		err := Again(func() error {
			if calls++; calls < 3 {
				return syscall.EINTR
			}
			return want
		})
		require.Equal(t, want, err)
		require.Equal(t, 3, calls)
	}
	calls := 0
	require.Equal(t, syscall.EINTR, Again(func() error { calls++; return syscall.EINTR }))
	require.Equal(t, mostSignals, calls, "it ends")
}

func TestStale(t *testing.T) {
	require.True(t, Stale(&os.PathError{Op: "write", Path: "app.log", Err: syscall.ESTALE}))
	require.True(t, Stale(syscall.ENOTCONN))
	require.False(t, Stale(nil))
	require.False(t, Stale(syscall.EIO))
}
