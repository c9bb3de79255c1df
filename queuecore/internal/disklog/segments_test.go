package disklog

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func openSegments(l *Log) (open int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.segments {
		if s.file != nil {
			open++
		}
	}
	return open
}

// A backlog of many segments does not need a descriptor for each, while it is written, synced, read by several readers and opened again.
func TestManySegmentsFewDescriptors(t *testing.T) {
	for _, keep := range []bool{false, true} {
		dir := t.TempDir()
		o := Options{Dir: dir, Keep: keep, SegmentBytes: 300}
		l := openLog(t, o)
		for n := uint64(10); n <= 4000; n += 10 {
			appendUpTo(t, l, n)
			if _, open := l.Pending(); open > MaxOpen {
				require.True(t, keep)
				require.NoError(t, l.Sync())
			}
			require.LessOrEqual(t, openSegments(l), MaxOpen+1)
		}
		require.Greater(t, len(l.segments), 5*MaxOpen)
		first, second := l.NewReader(0), l.NewReader(2000)
		var got [2]int
		for i, r := range []*Reader{first, second, first, second} {
			for range 50 {
				_, err := r.Read(100, func([]byte) bool { got[i%2]++; return true })
				require.NoError(t, err)
			}
			require.LessOrEqual(t, openSegments(l), MaxOpen+2)
		}
		require.NotZero(t, got[0]*got[1])
		require.Equal(t, upTo(4000), readAll(t, l, 0))
		require.NoError(t, l.Sync())
		require.NoError(t, l.Close())

		l = openLog(t, o)
		require.LessOrEqual(t, openSegments(l), MaxOpen+1)
		require.Equal(t, upTo(4000), readAll(t, l, 0))
		appendUpTo(t, l, 4010)
		require.NoError(t, l.Sync(), "which includes those that are parked")
		require.LessOrEqual(t, openSegments(l), MaxOpen+2)
		require.NoError(t, l.Ack("a", 3990))
		require.Less(t, len(l.segments), 10)
		require.Zero(t, l.Stats().Damaged)
		require.NoError(t, l.Close())
	}
}

// Records in a parked segment are safe from a loss of power once Sync has returned nil, whichever process has written them.
func TestParkedSegmentsAreSynced(t *testing.T) {
	m := newMemory()
	l := openLog(t, Options{files: m, SegmentBytes: 300})
	appendUpTo(t, l, 3000)
	require.LessOrEqual(t, openSegments(l), MaxOpen+1)
	require.NoError(t, l.Sync())
	l = openLog(t, Options{files: m.losePower(), SegmentBytes: 300})
	require.Equal(t, upTo(3000), readAll(t, l, 0))
}

// A parked segment that somebody has removed costs its records, which are counted, and no others.
func TestAParkedSegmentIsRemoved(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir, SegmentBytes: 300})
	appendUpTo(t, l, 4000)
	i := len(l.segments) / 2
	require.Nil(t, l.segments[i].file)
	lost := l.segments[i+1].id.first - l.segments[i].id.first
	require.NoError(t, os.Remove(filepath.Join(dir, l.segments[i].id.name())))
	require.Len(t, readAll(t, l, 0), 4000-int(lost))
	require.Equal(t, lost, l.Stats().Damaged)
}
