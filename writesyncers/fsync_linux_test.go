package writesyncers

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	base "example.com/zaphandlers/zapcore"
)

// A record whose Write returns the error of its fsync counts as refused, and as nothing else. Files in procfs cannot be synced.
func TestFsyncEachThatFails(t *testing.T) {
	const path = "/proc/self/comm"
	name := read(t, path)
	f, err := NewFile(FileConfig{Path: path, Fsync: FsyncEach})
	if err != nil {
		t.Skipf("no such file: %v", err)
	}
	n, err := f.Write([]byte(name))
	require.ErrorContains(t, err, "sync "+path)
	require.Equal(t, len(name), n)
	two := []byte(name + name)
	done, err := f.WriteRecords(two, []int{len(name), len(two)})
	require.ErrorContains(t, err, "sync "+path)
	require.Zero(t, done)
	require.Equal(t, base.Stats{Refused: 3}, f.Stats().Stats)
	_ = f.Close()
}

// Many Writes wait for one fsync. Each of them gets its error, even one that asks after the next fsync has failed as well.
func TestFsyncEachThatFailsForMany(t *testing.T) {
	const path = "/proc/self/comm"
	name := read(t, path)
	f, err := NewFile(FileConfig{Path: path, Fsync: FsyncEach})
	if err != nil {
		t.Skipf("no such file: %v", err)
	}
	const writers, records = 16, 500
	var unheard atomic.Int64
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range records {
				if _, err := f.Write([]byte(name)); err == nil {
					unheard.Add(1)
				}
			}
		})
	}
	wg.Wait()
	require.Zero(t, unheard.Load())
	require.Equal(t, base.Stats{Refused: writers * records}, f.Stats().Stats)
	_ = f.Close()
}

// Close syncs records that FsyncInterval has not synced yet.
func TestFsyncIntervalAndClose(t *testing.T) {
	const path = "/proc/self/comm"
	name := read(t, path)
	f, err := NewFile(FileConfig{Path: path, Fsync: FsyncInterval, FsyncEvery: time.Hour})
	if err != nil {
		t.Skipf("no such file: %v", err)
	}
	write(t, f, name)
	require.ErrorContains(t, f.Close(), "sync "+path)
}
