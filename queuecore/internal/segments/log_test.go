package segments

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

type noLock struct{}

func (noLock) Close() error { return nil }

func batch(t testing.TB, messages ...string) *base.Batch {
	var b base.Batch
	for _, m := range messages {
		var r base.Record
		require.NoError(t, r.Capture(zapcore.Entry{Message: m}, base.Context{}, nil))
		b.Add(append([]byte(nil), r.Bytes()...))
	}
	return &b
}

func read(t testing.TB, l *Log) (all []string) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for {
		var b base.Batch
		last, err := l.Read(ctx, "a", &b)
		if err != nil {
			require.ErrorIs(t, err, context.Canceled)
			return all
		}
		for i := range b.Len() {
			all = append(all, string([]byte(b.At(i).Entry().Message)))
		}
		require.NoError(t, l.Ack("a", last))
	}
}

// After a sync that failed the next one may succeed though the disk has nothing: what was to be synced is written to another file.
func TestASyncThatFailsIsNotBelievedTheNextTime(t *testing.T) {
	dir := t.TempDir()
	fails := 0
	cfg := Config{Dir: dir, MaxBytes: 1 << 20, SegmentBytes: 1 << 20, OnError: func(error) {}, datasync: func(f *os.File) error {
		if fails > 0 {
			fails--
			return errors.New("input/output error")
		}
		return datasync(f)
	}}
	l, err := Open(cfg, noLock{})
	require.NoError(t, err)
	_, err = l.Append(batch(t, "one", "two"))
	require.NoError(t, err)
	before, err := os.Stat(l.segments[0].path)
	require.NoError(t, err)
	fails = 1
	require.NoError(t, l.Sync())
	after, err := os.Stat(l.segments[0].path)
	require.NoError(t, err)
	require.False(t, os.SameFile(before, after), "it is another file")
	_, err = l.Append(batch(t, "three"))
	require.NoError(t, err)
	fails = 2
	require.Error(t, l.Sync(), "nor could that be synced")
	require.NoError(t, l.Sync(), "it is tried again")
	require.Equal(t, []string{"one", "two", "three"}, read(t, l))
	require.NoError(t, l.Close(context.Background()))
	l, err = Open(cfg, noLock{})
	require.NoError(t, err)
	require.Equal(t, uint64(3), l.last)
	require.NoError(t, l.Close(context.Background()))
}

// With SyncEach an Append whose sync fails has taken nothing.
func TestAnAppendWhoseSyncFailsHasTakenNothing(t *testing.T) {
	fails := 0
	l, err := Open(Config{Dir: t.TempDir(), MaxBytes: 1 << 20, SegmentBytes: 1 << 20, SyncEach: true, OnError: func(error) {}, datasync: func(f *os.File) error {
		if fails > 0 {
			fails--
			return errors.New("input/output error")
		}
		return datasync(f)
	}}, noLock{})
	require.NoError(t, err)
	_, err = l.Append(batch(t, "one"))
	require.NoError(t, err)
	fails = 1
	_, err = l.Append(batch(t, "two"))
	var retry *base.RetryError
	require.ErrorAs(t, err, &retry)
	last, err := l.Append(batch(t, "two"))
	require.NoError(t, err)
	require.Equal(t, uint64(2), last)
	require.Equal(t, []string{"one", "two"}, read(t, l))
	require.NoError(t, l.Close(context.Background()))
}

func TestACursorThatIsDamagedHasAnotherSlot(t *testing.T) {
	dir := t.TempDir()
	cfg := Config{Dir: dir, MaxBytes: 1 << 20, SegmentBytes: 1 << 20, OnError: func(error) {}}
	l, err := Open(cfg, noLock{})
	require.NoError(t, err)
	_, err = l.Append(batch(t, "one", "two", "three"))
	require.NoError(t, err)
	require.NoError(t, l.Ack("a", 1))
	require.NoError(t, l.Ack("a", 2))
	require.NoError(t, l.Close(context.Background()))
	path := filepath.Join(dir, "61.cur")
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for bit := range 8 * len(whole) {
		damaged := append([]byte(nil), whole...)
		damaged[bit/8] ^= 1 << (bit % 8)
		require.NoError(t, os.WriteFile(path, damaged, 0o600))
		l, err := Open(cfg, noLock{})
		require.NoError(t, err)
		got := read(t, l)
		require.Equal(t, "three", got[len(got)-1], "nothing is passed over")
		require.LessOrEqual(t, len(got), 2, "the slot before")
		require.NoError(t, l.Close(context.Background()))
	}
}

func FuzzSegment(f *testing.F) {
	dir := f.TempDir()
	l, err := Open(Config{Dir: dir, MaxBytes: 1 << 20, SegmentBytes: 1 << 20, OnError: func(error) {}}, noLock{})
	require.NoError(f, err)
	_, err = l.Append(batch(f, "one", "two", "three"))
	require.NoError(f, err)
	require.NoError(f, l.Close(context.Background()))
	data, err := os.ReadFile(filepath.Join(dir, "00000000000000000001.seg"))
	require.NoError(f, err)
	f.Add(data)
	f.Add(data[:40])
	f.Add(append(data[:60:60], data[68:]...))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "00000000000000000001.seg"), data, 0o600))
		l, err := Open(Config{Dir: dir, MaxBytes: 1 << 30, SegmentBytes: 1 << 20, OnError: func(error) {}}, noLock{})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		for range 100 {
			var b base.Batch
			last, err := l.Read(ctx, "a", &b)
			if err != nil {
				break
			}
			require.NoError(t, l.Ack("a", last))
		}
		_, err = l.Append(batch(t, "new"))
		require.NoError(t, err)
		require.NoError(t, l.Close(context.Background()))
	})
}
