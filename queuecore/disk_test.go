//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package queuecore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

func openDisk(t testing.TB, cfg DiskConfig) *Disk {
	t.Helper()
	if cfg.OnError == nil {
		cfg.OnError = func(error) {}
	}
	d, err := NewDisk(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.Close(context.Background()) })
	return d
}

func batchOf(t testing.TB, messages ...string) *base.Batch {
	t.Helper()
	var b base.Batch
	for _, m := range messages {
		var r base.Record
		require.NoError(t, r.Capture(zapcore.Entry{Message: m}, base.Context{}, nil))
		b.Add(slices.Clone(r.Bytes()))
	}
	return &b
}

func appendTo(t testing.TB, d *Disk, messages ...string) {
	t.Helper()
	for _, m := range messages {
		_, err := d.Append(batchOf(t, m))
		require.NoError(t, err)
	}
}

// drain reads and acknowledges everything that there is.
func drain(t testing.TB, d *Disk, cursor string) (all []string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for {
		var b base.Batch
		last, err := d.Read(ctx, cursor, &b)
		if errors.Is(err, context.Canceled) {
			return all
		}
		require.NoError(t, err)
		for i := range b.Len() {
			all = append(all, strings.Clone(b.At(i).Entry().Message))
		}
		require.NoError(t, d.Ack(cursor, last))
	}
}

func TestADiskGoesOnWhereItWas(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "with [brackets] and *")
	d := openDisk(t, DiskConfig{Dir: dir})
	appendTo(t, d, "one", "two", "three")
	var b base.Batch
	_, err := d.Read(context.Background(), "a", &b)
	require.NoError(t, err)
	require.NoError(t, d.Ack("a", 2))
	require.Equal(t, uint64(1), d.Stats().Records)
	_, err = NewDisk(DiskConfig{Dir: dir})
	require.ErrorContains(t, err, "queuecore: DiskConfig.Dir: "+dir+" is in use")
	require.NoError(t, d.Close(context.Background()))

	d = openDisk(t, DiskConfig{Dir: dir, SyncInterval: -1})
	appendTo(t, d, "four")
	require.Equal(t, []string{"three", "four"}, drain(t, d, "a"))
	require.Equal(t, []string{"one", "two", "three", "four"}, drain(t, d, "b"), "a new cursor begins with the oldest record")
}

func TestSegmentsGoWhenEveryCursorHasPassedThem(t *testing.T) {
	dir := t.TempDir()
	d := openDisk(t, DiskConfig{Dir: dir, MaxBytes: 64 << 10, SyncInterval: time.Millisecond})
	require.NoError(t, d.Ack("slow", 0))
	require.NoError(t, d.Ack("fast", 0))
	files := func() int {
		names, err := filepath.Glob(filepath.Join(dir, "*.seg"))
		require.NoError(t, err)
		return len(names)
	}
	n := 0
	for ; ; n++ {
		_, err := d.Append(batchOf(t, bulky(fmt.Sprint(n))))
		if err != nil {
			var retry *base.RetryError
			require.ErrorAs(t, err, &retry, "a queue that is full asks for patience")
			break
		}
	}
	require.Greater(t, n, 150)
	require.Greater(t, files(), 5)
	require.Len(t, drain(t, d, "fast"), n)
	require.Greater(t, files(), 5, "the other has not had them")
	require.Len(t, drain(t, d, "slow"), n)
	require.LessOrEqual(t, files(), 2)
	for range 10 * n { // the last segment goes as well
		appendTo(t, d, bulky("more"))
		drain(t, d, "fast")
		drain(t, d, "slow")
	}
	require.LessOrEqual(t, files(), 2)
	require.LessOrEqual(t, d.Stats().Bytes, int64(64<<10))
}

func TestATornTailIsCutOff(t *testing.T) {
	dir := t.TempDir()
	d := openDisk(t, DiskConfig{Dir: dir})
	want := numbered(20)
	appendTo(t, d, want...)
	require.NoError(t, d.Close(context.Background()))
	names, err := filepath.Glob(filepath.Join(dir, "*.seg"))
	require.NoError(t, err)
	whole, err := os.ReadFile(names[0])
	require.NoError(t, err)
	for n := 32; n <= len(whole); n++ {
		dir := t.TempDir()
		path := filepath.Join(dir, filepath.Base(names[0]))
		require.NoError(t, os.WriteFile(path, whole[:n], 0o600))
		d := openDisk(t, DiskConfig{Dir: dir})
		appendTo(t, d, "new")
		got := drain(t, d, "a")
		require.Equal(t, append(slices.Clone(want[:len(got)-1]), "new"), got, "cut at %d", n)
		require.NoError(t, d.Close(context.Background()))
	}
}

// TestADamagedByteCostsARecord: bits flipped at random, in the middle of files and in their headers.
func TestADamagedByteCostsARecord(t *testing.T) {
	dir := t.TempDir()
	d := openDisk(t, DiskConfig{Dir: dir, MaxBytes: 64 << 10, SegmentBytes: 2 << 10})
	want := numbered(150)
	appendTo(t, d, want...)
	require.NoError(t, d.Close(context.Background()))
	names, err := filepath.Glob(filepath.Join(dir, "*.seg"))
	require.NoError(t, err)
	require.Greater(t, len(names), 2)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		broken := t.TempDir()
		hit := rng.IntN(len(names))
		at := 0
		for i, name := range names {
			data, err := os.ReadFile(name)
			require.NoError(t, err)
			if i == hit {
				at = rng.IntN(len(data))
				data[at] ^= 1 << rng.IntN(8)
			}
			require.NoError(t, os.WriteFile(filepath.Join(broken, filepath.Base(name)), data, 0o600))
		}
		d := openDisk(t, DiskConfig{Dir: broken})
		got := drain(t, d, "a")
		lost := len(want) - len(got)
		if at < 32 {
			require.LessOrEqual(t, lost, 45, "a segment")
		} else {
			require.LessOrEqual(t, lost, 1, "byte %d of segment %d of %d", at, hit, len(names))
		}
		if lost > 0 && hit < len(names)-1 {
			require.NotZero(t, d.Stats().Damaged)
		}
		require.True(t, slices.IsSorted(got))
		appendTo(t, d, "zzz new")
		require.Equal(t, []string{"zzz new"}, drain(t, d, "a"), "it goes on")
		require.NoError(t, d.Close(context.Background()))
	}
}

func TestADiskBehindAQueue(t *testing.T) {
	dir := t.TempDir()
	d := openDisk(t, DiskConfig{Dir: dir})
	h, err := NewHandler(d, Config{OnError: func(error) {}})
	require.NoError(t, err)
	write(t, h, zapcore.InfoLevel, numbered(3000)...)
	write(t, h, zapcore.FatalLevel, "last words")
	require.Equal(t, uint64(3001), d.Stats().Records, "when Write returns")
	require.NoError(t, h.Close())
	dead := &fakeBatchWriter{}
	dead.fail(1<<30, &base.RetryError{Err: errors.New("down")})
	l, err := NewListener(d, ListenerConfig{
		Targets: []TargetConfig{{Core: dead, Name: "collector"}}, StopTimeout: 20 * time.Millisecond, OnError: func(error) {},
	})
	require.NoError(t, err)
	l.Start()
	require.Error(t, l.Stop())
	require.NoError(t, d.Close(context.Background()))

	d = openDisk(t, DiskConfig{Dir: dir})
	target := &fakeBatchWriter{}
	l, err = NewListener(d, ListenerConfig{Targets: []TargetConfig{{Core: target, Name: "collector"}}})
	require.NoError(t, err)
	l.Start()
	require.NoError(t, l.Stop())
	require.Equal(t, append(numbered(3000), "last words"), target.all(), "a target that was down at the end has lost nothing")
}

func TestDiskConfigErrors(t *testing.T) {
	for field, cfg := range map[string]DiskConfig{
		"Dir":          {},
		"MaxBytes":     {Dir: "x", MaxBytes: 1},
		"SegmentBytes": {Dir: "x", MaxBytes: 64 << 10, SegmentBytes: 64 << 10},
		"SyncInterval": {Dir: "x", SyncInterval: 5},
	} {
		_, err := NewDisk(cfg)
		require.ErrorContains(t, err, "queuecore: DiskConfig."+field)
	}
	_, err := NewDisk(DiskConfig{Dir: "x", SyncInterval: 5})
	require.ErrorContains(t, err, "write time.Second")
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = NewDisk(DiskConfig{Dir: file})
	require.ErrorContains(t, err, "queuecore: DiskConfig.Dir: ")
}
