package queuecore

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/sys/unix"

	base "example.com/zaphandlers/zapcore"
)

// limitFiles makes the system refuse larger files, until the test ends.
func limitFiles(t *testing.T, bytes uint64) {
	t.Helper()
	var before unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_FSIZE, &before))
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: bytes, Max: before.Max}))
	t.Cleanup(func() { require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &before)) })
}

// A record larger than any file may become is dropped, reported and counted; the others in its batch and all later ones are delivered. A
// batch that is too large for a file is divided.
func TestDiskAndARecordThatNoFileMayHold(t *testing.T) {
	for name, sync := range map[string]DiskSync{"never": DiskSyncNever, "group": DiskSyncGroup, "each": DiskSyncEach} {
		t.Run(name, func(t *testing.T) {
			const limit = 64 << 10
			limitFiles(t, limit)
			d, err := NewDisk(DiskConfig{Dir: t.TempDir(), Sync: sync, OnError: func(error) {}})
			require.NoError(t, err)
			defer func() { require.NoError(t, d.Close(t.Context())) }()
			require.NoError(t, d.Ack("c", 0))
			var told []string
			core, err := NewHandler(d, Config{
				Targets: []TargetConfig{{BatchBytes: 1 << 20}}, OmitNotice: true, OnError: func(err error) { told = append(told, err.Error()) },
			})
			require.NoError(t, err)
			logger := zap.New(core)
			var want []string
			for i := range 200 {
				size := 2000
				if i == 77 {
					size = limit
				} else {
					want = append(want, strconv.Itoa(i))
				}
				logger.Info(strconv.Itoa(i) + strings.Repeat("x", size))
			}
			require.NoError(t, core.Sync())
			require.Equal(t, want, readMessages(t, d))
			require.NoError(t, core.Close())
			s := core.Targets()[0]
			require.Equal(t, uint64(199), s.Delivered)
			require.Equal(t, []Drop{{Level: zapcore.InfoLevel, Cause: Rejected, Records: 1}}, s.Drops)
			require.Contains(t, strings.Join(told, "\n"), "1 record rejected")
		})
	}
}

// The same for a record that is larger than the largest record allowed.
func TestDiskAndARecordThatIsTooLarge(t *testing.T) {
	d, err := NewDisk(DiskConfig{Dir: t.TempDir()})
	require.NoError(t, err)
	defer func() { require.NoError(t, d.Close(t.Context())) }()
	d.maxRecord = 1000
	var b base.Batch
	for _, message := range []string{"first", strings.Repeat("x", 2000), "second", strings.Repeat("y", 2000)} {
		var r base.Record
		require.NoError(t, r.Capture(zapcore.Entry{Message: message}, base.Context{}, nil))
		b.Add(r.Bytes())
	}
	last, err := d.Append(&b)
	require.Equal(t, uint64(2), last)
	var rejected *base.RejectedError
	require.ErrorAs(t, err, &rejected)
	require.Equal(t, []int{1, 3}, rejected.Indexes)
	require.Equal(t, []string{"first", "second"}, readMessages(t, d))
}
