package jetstream

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	base "example.com/zaphandlers/zapcore"
)

// A disk that is full: Append says so, nothing it took is lost, and it goes on when there is room.
func TestAFullDisk(t *testing.T) {
	t.Parallel() // most of it is waiting
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=8m"); err != nil {
		t.Skip("a small file system cannot be mounted here: ", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	e := open(t, Config{Dir: filepath.Join(dir, "logs"), Timeout: 5 * time.Second})
	require.NoError(t, e.Ack("c", 0))
	ballast := filepath.Join(dir, "ballast")
	text := strings.Repeat("x", 100<<10)
	var want []string
	for round := range 3 {
		_ = os.WriteFile(ballast, make([]byte, 4<<20), 0o600) // as much of it as there is room for
		var err error
		for range 100 {
			m := strconv.Itoa(len(want)) + text
			if _, err = e.Append(batchOf(t, m)); err != nil {
				break
			}
			want = append(want, m)
		}
		var retry *base.RetryError
		require.ErrorAs(t, err, &retry, "round %d", round)
		require.NoError(t, os.Remove(ballast))
		m := strconv.Itoa(len(want)) + text
		_, err = e.Append(batchOf(t, m))
		require.NoError(t, err, "round %d", round)
		want = append(want, m)
		require.Equal(t, want, readPast(t, e, "c", len(want)))
		want = nil
	}
}

// A disk that is full just when a cursor is stored, and nothing is appended afterwards: it goes on when there is room.
func TestAFullDiskForACursor(t *testing.T) {
	t.Parallel() // most of it is waiting
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=8m"); err != nil {
		t.Skip("a small file system cannot be mounted here: ", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	e := open(t, Config{Dir: filepath.Join(dir, "logs"), Timeout: 2 * time.Second})
	require.NoError(t, e.Ack("c", 0))
	want := numbered(200)
	for _, m := range want {
		appendAll(t, e, m)
	}
	ballast := filepath.Join(dir, "ballast")
	_ = os.WriteFile(ballast, make([]byte, 8<<20), 0o600) // as much of it as there is room for
	var err error
	for err == nil {
		b := batchOf(t)
		var last uint64
		if last, err = e.Read(t.Context(), "c", b); err == nil {
			err = e.Ack("c", last)
		}
		if err == nil {
			require.NotEmpty(t, want, "the disk is not full")
			want = want[b.Len():]
		}
	}
	require.NoError(t, os.Remove(ballast))
	require.Equal(t, want, readAll(t, e, "c", len(want)))
}
