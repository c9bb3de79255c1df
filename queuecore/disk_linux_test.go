package queuecore_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
	"golang.org/x/sys/unix"

	"example.com/zaphandlers/internal/peers"
	"example.com/zaphandlers/queuecore"
	base "example.com/zaphandlers/zapcore"
)

// The file system of a Disk goes, as one of FUSE does with its process, and comes back: what is there is delivered, and not passed over as
// damaged; what comes meanwhile is refused, and what comes then is taken.
func TestDiskOnAFileSystemThatComesBack(t *testing.T) {
	for name, sync := range map[string]queuecore.DiskSync{
		"never": queuecore.DiskSyncNever, "group": queuecore.DiskSyncGroup, "each": queuecore.DiskSyncEach,
	} {
		t.Run(name, func(t *testing.T) {
			lower, at := t.TempDir(), t.TempDir()
			kill, unmount := peers.MountOver(t, lower, at)
			d := openDisk(t, queuecore.DiskConfig{Dir: filepath.Join(at, "queue"), Sync: sync, OnError: func(error) {}})
			appended := func(messages ...string) error {
				var batch base.Batch
				for _, message := range messages {
					var r base.Record
					require.NoError(t, r.Capture(zapcore.Entry{Message: message}, base.Context{}, nil))
					batch.Add(r.Bytes())
				}
				_, err := d.Append(&batch)
				return err
			}
			read := func() (messages []string, last uint64, err error) {
				var batch base.Batch
				ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
				defer cancel()
				last, err = d.Read(ctx, "target", &batch)
				for i := range batch.Len() {
					messages = append(messages, strings.Clone(batch.At(i).EntryView().Message))
				}
				return messages, last, err
			}
			require.NoError(t, appended("one", "two"))
			_, last, err := read()
			require.NoError(t, err)
			require.NoError(t, d.Ack("target", last))
			require.NoError(t, appended("three", "four"))
			refused := func() {
				require.Error(t, appended("never"))
				for range 5 {
					if _, _, err := read(); err != nil { // else the system has kept it in memory
						require.ErrorIs(t, err, unix.ENOTCONN)
					}
				}
			}
			kill()
			refused()
			unmount()
			refused()
			peers.MountOver(t, lower, at)
			require.NoError(t, appended("five"))
			var all []string
			require.Eventually(t, func() bool {
				messages, last, err := read()
				if err == nil {
					all = append(all, messages...)
					require.NoError(t, d.Ack("target", last))
				}
				return len(all) >= 3 && all[len(all)-1] == "five"
			}, 5*time.Second, time.Millisecond)
			assert.Equal(t, []string{"three", "four", "five"}, all)
			require.NoError(t, d.Sync())
			assert.Zero(t, d.Stats().Damaged)
			require.NoError(t, d.Close(context.Background()))
		})
	}
}
