package queuecore

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// A Disk keeps everything for a target that is gone or renamed. When it is full the error names the cursor, and Forget makes room.
func TestDiskFullForATargetThatIsGone(t *testing.T) {
	dir := t.TempDir()
	open := func() *Disk {
		d, err := NewDisk(DiskConfig{Dir: dir, MaxBytes: 20_000, SegmentBytes: 2_000})
		require.NoError(t, err)
		return d
	}
	d := open()
	require.NoError(t, d.Ack("gone", 0))
	var r base.Record
	require.NoError(t, r.Capture(zapcore.Entry{Message: "message"}, base.Context{}, nil))
	var b base.Batch
	for range 10 {
		b.Add(r.Bytes())
	}
	var last uint64
	var err error
	for n := uint64(0); err == nil; n = last {
		last = n
		require.NoError(t, d.Ack("here", n))
		n, err = d.Append(&b)
		if err == nil {
			last = n
		}
	}
	require.ErrorContains(t, err, `full: of 19740 bytes, for "gone", which has not passed record 1`)
	require.NotContains(t, err.Error(), "here")
	require.NoError(t, d.Close(t.Context()))

	d = open()
	_, err = d.Append(&b)
	require.ErrorContains(t, err, "gone")
	require.NoError(t, d.Forget("gone"))
	require.NoError(t, d.Forget("gone"), "it is not there")
	_, err = d.Append(&b)
	require.NoError(t, err)
	require.Less(t, d.Stats().Bytes, int64(5_000))
	require.NoError(t, d.Close(t.Context()))

	d = open()
	require.LessOrEqual(t, len(readMessages(t, d)), 30, "a new one begins with the oldest record that there is")
	require.NoError(t, d.Close(t.Context()))
	require.ErrorIs(t, d.Forget("here"), ErrClosed)
}

// The same for a Memory.
func TestMemoryFullForATargetThatIsGone(t *testing.T) {
	m := NewMemory(1000)
	require.NoError(t, m.Ack("gone", 0))
	require.NoError(t, m.Ack("here", 0))
	var r base.Record
	require.NoError(t, r.Capture(zapcore.Entry{Message: "message"}, base.Context{}, nil))
	var b base.Batch
	b.Add(r.Bytes())
	var last uint64
	for n, err := m.Append(&b); err == nil; n, err = m.Append(&b) {
		last = n
	}
	require.NoError(t, m.Ack("here", last))
	_, err := m.Append(&b)
	require.ErrorIs(t, err, errMemoryFull)
	require.NoError(t, m.Forget("gone"))
	_, err = m.Append(&b)
	require.NoError(t, err)
	require.NoError(t, m.Close(t.Context()))
	require.ErrorIs(t, m.Forget("here"), ErrClosed)
}
