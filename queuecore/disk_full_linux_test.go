package queuecore_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"example.com/zaphandlers/queuecore"
	base "example.com/zaphandlers/zapcore"
)

// A disk that is full: Append says so, nothing it took is lost, and it goes on when there is room.
func TestDiskThatIsFull(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Skip("a small file system cannot be mounted here: ", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	for _, sync := range []queuecore.DiskSync{queuecore.DiskSyncNever, queuecore.DiskSyncGroup, queuecore.DiskSyncEach} {
		cfg := queuecore.DiskConfig{Dir: filepath.Join(dir, "logs"), SegmentBytes: 256 << 10, Sync: sync}
		d := openDisk(t, cfg)
		require.NoError(t, d.Ack("c", 0))
		ballast := filepath.Join(dir, "ballast")
		for round := range 3 {
			_ = os.WriteFile(ballast, make([]byte, 2<<20), 0o600)
			var b base.Batch
			for range 10 {
				b.Add(tapeOf(t, strings.Repeat("1", 18))) // a number, and padding beside it
				b.Add(tapeOf(t, "0"))
			}
			batches := 0
			var err error
			for range 10000 {
				if _, err = d.Append(&b); err != nil {
					break
				}
				batches++
			}
			var retry *base.RetryError
			require.ErrorAs(t, err, &retry, "round %d", round)
			require.NoError(t, os.Remove(ballast))
			_, err = d.Append(&b)
			require.NoError(t, err, "round %d", round)
			if round == 1 { // a restart between
				require.NoError(t, d.Close(t.Context()))
				d = openDisk(t, cfg)
			}
			require.Len(t, numbersIn(t, d, "c"), 20*(batches+1))
			require.Zero(t, d.Stats().Damaged)
		}
		require.NoError(t, d.Close(t.Context()))
	}
}
