//go:build unix

package writer

import (
	"errors"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/writesyncers/internal/appendfile"
	base "example.com/zaphandlers/zapcore"
)

// While a disk does not answer, each fsync holds a thread, and a process may have ten thousand. Their number stays bounded, whoever calls
// them, and everything works when the disk answers again.
func TestADiskThatDoesNotAnswer(t *testing.T) {
	for name, tt := range map[string]struct {
		policy SyncPolicy
		most   int64
		step   func(t *testing.T, w *Writer)
	}{
		"FsyncInterval": {SyncInterval, 1, func(t *testing.T, w *Writer) {
			_, err := w.Write([]byte("record\n"))
			require.NoError(t, err)
			time.Sleep(2 * time.Second)
		}},
		"Sync": {SyncOnSync, maxSyncs, func(t *testing.T, w *Writer) { assert.ErrorIs(t, w.Sync(), os.ErrDeadlineExceeded) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var under, most, calls atomic.Int64
				answer := make(chan struct{})
				SyncFile = func(*appendfile.File) error {
					calls.Add(1)
					if n := under.Add(1); n > most.Load() {
						most.Store(n)
					}
					<-answer
					under.Add(-1)
					return nil
				}
				defer func() { SyncFile = (*appendfile.File).Sync }()
				cfg := config(t)
				cfg.Sync = tt.policy
				w, err := New(cfg)
				require.NoError(t, err)
				for range 2 * maxSyncs {
					start := time.Now()
					tt.step(t, w)
					require.LessOrEqual(t, time.Since(start), syncWait)
				}
				assert.Equal(t, tt.most, most.Load())
				close(answer)
				synctest.Wait()
				assert.Zero(t, under.Load())
				before := calls.Load()
				require.NoError(t, w.Sync())
				time.Sleep(2 * time.Second)
				assert.Greater(t, calls.Load(), before)
				require.NoError(t, w.Close())
			})
		})
	}
}

// A disk or a server that does not answer when the file is closed does not block Close for ever, and with it the end of the program.
func TestADiskThatDoesNotAnswerAtClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan struct{})
		CloseFile = func(f *appendfile.File) error { <-answer; return f.Close() }
		defer func() { CloseFile = (*appendfile.File).Close }()
		cfg := config(t)
		cfg.Buffer, cfg.FlushEvery = 1000, -1
		w, err := New(cfg)
		require.NoError(t, err)
		_, err = w.Write([]byte("record\n"))
		require.NoError(t, err)
		start := time.Now()
		err = w.Close()
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		assert.ErrorContains(t, err, cfg.Path)
		assert.LessOrEqual(t, time.Since(start), closeWait)
		close(answer)
		synctest.Wait()
		assert.EqualValues(t, 1, w.Counts().Records.Delivered)
	})
}

// When such a disk answers at last, after Close has returned, lost records are reported to OnError.
func TestADiskThatAnswersAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan struct{})
		CloseFile = func(f *appendfile.File) error { <-answer; return errors.Join(f.Close(), errors.New("no room")) }
		defer func() { CloseFile = (*appendfile.File).Close }()
		cfg := config(t)
		var told []error
		cfg.Report = base.NewReporter("writesyncers", func(err error) { told = append(told, err) })
		w, err := New(cfg)
		require.NoError(t, err)
		require.ErrorIs(t, w.Close(), os.ErrDeadlineExceeded)
		require.Empty(t, told)
		close(answer)
		synctest.Wait()
		require.Len(t, told, 1)
		assert.ErrorContains(t, told[0], "no room")
	})
}

// If a file was replaced and could not be synced, Writes that wait for that get the error, even if another file was replaced since.
func TestTwoFilesThatWereLeft(t *testing.T) {
	cfg := config(t)
	cfg.Watch, cfg.Sync = &Watch{}, SyncEach
	w, err := New(cfg)
	require.NoError(t, err)
	_, err = w.Write([]byte("record\n"))
	require.NoError(t, err)
	defer func() { SyncFile = (*appendfile.File).Sync }()
	for _, answer := range []error{syscall.EIO, nil} {
		SyncFile = func(*appendfile.File) error { return answer }
		require.NoError(t, w.Reopen())
	}
	_, err = w.committer.sync()
	require.ErrorIs(t, err, syscall.EIO)
	_, err = w.committer.sync()
	require.NoError(t, err, "it is told once")
	require.NoError(t, w.Close())
}
