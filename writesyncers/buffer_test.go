package writesyncers

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.com/zaphandlers/writesyncers/internal/fsys"
	base "example.com/zaphandlers/zapcore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func buffered(t *testing.T, cfg FileConfig) (*File, string) {
	t.Helper()
	cfg.Path = filepath.Join(t.TempDir(), "app.log")
	f, err := NewFile(cfg)
	require.NoError(t, err)
	return f, cfg.Path
}

func TestBufferIsWrittenWhenFullAtSyncAndAtClose(t *testing.T) {
	f, path := buffered(t, FileConfig{Buffer: 10, FlushEvery: -1})
	write(t, f, "one\n", "two\n")
	assert.Empty(t, read(t, path))
	assert.Equal(t, uint64(2), f.Stats().Pending)
	write(t, f, "three\n")
	assert.Equal(t, "one\ntwo\n", read(t, path), "whole records only")
	require.NoError(t, f.Sync())
	assert.Equal(t, "one\ntwo\nthree\n", read(t, path))
	write(t, f, "longer than the buffer\n")
	assert.Equal(t, "one\ntwo\nthree\nlonger than the buffer\n", read(t, path))
	n, err := f.WriteRecords(batch("4\n", "5\n", "6\n"))
	require.NoError(t, err)
	assert.Equal(t, 3, n)
	require.NoError(t, f.Close())
	assert.Equal(t, "one\ntwo\nthree\nlonger than the buffer\n4\n5\n6\n", read(t, path))
	assert.Equal(t, base.Stats{Accepted: 7, Delivered: 7}, f.Stats().Stats)
}

func TestBufferIsWrittenInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, path := buffered(t, FileConfig{Buffer: 1000})
		write(t, f, "one\n")
		advance(900 * time.Millisecond)
		write(t, f, "two\n")
		assert.Empty(t, read(t, path))
		advance(200 * time.Millisecond)
		assert.Equal(t, "one\ntwo\n", read(t, path))
		require.NoError(t, f.Close())
	})
}

func TestBufferCountsRecordsOfNothingAndWritesWhatFollowsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, path := buffered(t, FileConfig{Buffer: 1000})
		write(t, f, "") // what an Encode that leaves a record out makes of it
		advance(2 * time.Second)
		assert.Equal(t, base.Stats{Accepted: 1, Delivered: 1}, f.Stats().Stats)
		write(t, f, "one\n")
		advance(1100 * time.Millisecond)
		assert.Equal(t, "one\n", read(t, path))
		write(t, f, "")
		require.NoError(t, f.Close())
		assert.Equal(t, base.Stats{Accepted: 3, Delivered: 3}, f.Stats().Stats)
	})
}

func TestBufferAndRotation(t *testing.T) {
	f, dir := rotating(t, RotatingFileConfig{MaxBytes: 100, BackupCount: -1, Buffer: 1000})
	for i := range 30 {
		write(t, f, fmt.Sprintf("record %02d\n", i)) // of 10 bytes: nine to a file
	}
	require.NoError(t, f.Close())
	files := tree(t, dir)
	assert.Len(t, files, 4)
	assert.Equal(t, 90, len(files["app.log.1"]))
	assert.True(t, strings.HasPrefix(files["app.log.1"], "record 00\n"))
	assert.Equal(t, "record 27\nrecord 28\nrecord 29\n", files["app.log"])
}

func TestBufferUnderManyGoroutines(t *testing.T) {
	f, dir := rotating(t, RotatingFileConfig{MaxBytes: 5000, BackupCount: -1, Buffer: 700, FlushEvery: time.Millisecond})
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 1000 {
				_, err := fmt.Fprintf(f, "%d/%d\n", g, i)
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
	require.NoError(t, f.Close())
	assert.Len(t, allLines(t, dir, "app.log"), 4000)
	assert.Zero(t, f.Stats().Missing())
}

func TestBufferTakesNothingAfterClose(t *testing.T) {
	f, path := buffered(t, FileConfig{Buffer: 1000})
	write(t, f, "one\n", "two\n")
	require.NoError(t, f.Close())
	for _, record := range []string{"three\n", ""} {
		_, err := f.Write([]byte(record))
		assert.ErrorIs(t, err, ErrClosed)
	}
	assert.Equal(t, "one\ntwo\n", read(t, path))
	assert.Equal(t, base.Stats{Accepted: 2, Delivered: 2, Refused: 2}, f.Stats().Stats)
}

func TestBufferKnowsTheSizeOfTheFileItFollowsTo(t *testing.T) {
	if !fsys.CanShare {
		t.Skip("Shared is not for this system")
	}
	f, dir := rotating(t, RotatingFileConfig{MaxBytes: 100, BackupCount: -1, Buffer: 1000, Shared: true})
	other, err := NewRotatingFile(RotatingFileConfig{Path: filepath.Join(dir, "app.log"), MaxBytes: 100, BackupCount: -1, Shared: true})
	require.NoError(t, err)
	write(t, f, "in the buffer\n", "and this\n")
	write(t, other, strings.Repeat("x", 89)+"\n", strings.Repeat("y", 79)+"\n") // rolls over
	require.NoError(t, other.Close())
	require.NoError(t, f.w.Look())
	write(t, f, "too much for that file\n")
	require.NoError(t, f.Close())
	assert.Equal(t, "too much for that file\n", read(t, filepath.Join(dir, "app.log")))
}

func TestBufferConfigErrorsNameTheField(t *testing.T) {
	_, err := NewFile(FileConfig{Path: "x", Buffer: -1})
	assert.EqualError(t, err, "writesyncers: Buffer -1 is negative")
	_, err = NewFile(FileConfig{Path: "x", Buffer: 1, Fsync: FsyncEach})
	assert.EqualError(t, err, "writesyncers: Buffer and Fsync FsyncEach exclude each other")
}
