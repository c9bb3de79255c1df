package queuecore_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
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
				b.Add(tapeOf(t, strings.Repeat("0", 17)+"1")) // a number, and padding beside it
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

// The next queue starts though the disk holds no second file of that size, and delivers what the first has left.
func TestASpoolOnADiskThatHoldsOne(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Skip("a small file system cannot be mounted here: ", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	open := func(target zapcore.Core, drain time.Duration) *queuecore.Core {
		core, err := queuecore.New(queuecore.Config{Targets: queuecore.Targets(target), Spool: dir, MaxBytes: 1 << 20, DrainTimeout: drain})
		require.NoError(t, err)
		return core
	}
	stuck := make(chan struct{})
	defer close(stuck)
	core := open(waitingCore{stuck}, 10*time.Millisecond)
	for range 1000 {
		require.NoError(t, core.Write(zapcore.Entry{Message: "a record"}, nil))
	}
	require.ErrorContains(t, core.Close(), "until the next start: 1000")
	seen, logs := observer.New(zapcore.DebugLevel)
	core = open(seen, 0)
	require.NoError(t, core.Sync())
	require.Equal(t, 1000, logs.Len())
	require.NoError(t, core.Close())
}

// waitingCore takes nothing until its channel is closed.
type waitingCore struct{ until chan struct{} }

func (waitingCore) Enabled(zapcore.Level) bool          { return true }
func (c waitingCore) With([]zapcore.Field) zapcore.Core { return c }
func (waitingCore) Sync() error                         { return nil }
func (c waitingCore) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(ent, c)
}

func (c waitingCore) Write(zapcore.Entry, []zapcore.Field) error {
	<-c.until
	return nil
}
