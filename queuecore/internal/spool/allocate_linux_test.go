package spool

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// If fallocate is not supported, or a signal interrupts it, the file is filled with zeros.
func TestBlocksWithoutFallocate(t *testing.T) {
	const size = 3<<20 + 1
	call := fallocateCall
	t.Cleanup(func() { fallocateCall = call })
	for _, refusal := range []error{unix.EINTR, unix.EOPNOTSUPP, unix.ENOSYS} {
		f, err := os.Create(filepath.Join(t.TempDir(), "arena.new"))
		require.NoError(t, err)
		defer f.Close()
		fallocateCall = func(int, uint32, int64, int64) error { return refusal }
		require.NoError(t, allocate(f, size), "%v", refusal)
		var st unix.Stat_t
		require.NoError(t, unix.Fstat(int(f.Fd()), &st))
		assert.EqualValues(t, size, st.Size)
		assert.GreaterOrEqual(t, st.Blocks*512, int64(size), "%v: no hole, which a full disk could not fill", refusal)
	}
	fallocateCall = func(int, uint32, int64, int64) error { return unix.ENOSPC }
	f, err := os.Create(filepath.Join(t.TempDir(), "arena.new"))
	require.NoError(t, err)
	defer f.Close()
	assert.ErrorIs(t, allocate(f, size), unix.ENOSPC)
}

func TestInterruptedPunch(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "arena.spool"))
	require.NoError(t, err)
	defer f.Close()
	calls, call := 0, fallocateCall
	t.Cleanup(func() { fallocateCall = call })
	fallocateCall = func(int, uint32, int64, int64) error {
		if calls++; calls < 3 {
			return unix.EINTR
		}
		return nil
	}
	require.NoError(t, punch(f, 0, 4096))
	assert.Equal(t, 3, calls)
}
