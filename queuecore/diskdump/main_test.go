package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore"
	"example.com/zaphandlers/queuecore/internal/disklog"
	base "example.com/zaphandlers/zapcore"
)

func open(t *testing.T, dir string) *queuecore.Disk {
	t.Helper()
	d, err := queuecore.NewDisk(queuecore.DiskConfig{Dir: dir, SegmentBytes: 2 << 10})
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.Close(context.Background()) })
	return d
}

func message(i int) string { return fmt.Sprintf("message %03d", i) }

func fill(t *testing.T, d *queuecore.Disk, from, to int) {
	t.Helper()
	for i := from; i <= to; i++ {
		var b base.Batch
		var r base.Record
		require.NoError(t, r.Capture(zapcore.Entry{Message: message(i), Time: time.Unix(1e9, 0)}, base.Context{}, []zapcore.Field{zap.Int("i", i)}))
		b.Add(r.Bytes())
		_, err := d.Append(&b)
		require.NoError(t, err)
	}
}

func do(args ...string) (status int, stdout, stderr string) {
	var out, err bytes.Buffer
	status = command(args, &out, &err)
	return status, out.String(), err.String()
}

// damage changes the byte in the middle of a message.
func damage(t *testing.T, dir, message string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.records"))
	require.NoError(t, err)
	for _, name := range names {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		if i := bytes.Index(b, []byte(message)); i >= 0 {
			b[i] ^= 1
			require.NoError(t, os.WriteFile(name, b, 0o600))
			return
		}
	}
	t.Fatal("not there: ", message)
}

func TestBesideALivingProcess(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	fill(t, d, 1, 100)
	require.NoError(t, d.Ack("slow", 0))
	require.NoError(t, d.Ack("loki", 90))
	require.NoError(t, d.Ack("a file", 95))
	status, out, errs := do("list", dir)
	require.Zero(t, status, errs)
	require.Regexp(t, `(?m)^ +1 +\d+ +\d+ +0 +\d+ +0 +0{19}1-[0-9a-f]{8}\.records$`, "  "+out[strings.Index(out, "\n")+1:])
	require.Regexp(t, `(?m)^ *90 +10 +"loki"$`, out)
	require.Regexp(t, `(?m)^ *95 +5 +"a file"$`, out)

	status, out, _ = do("dump", dir)
	require.Zero(t, status)
	require.Equal(t, 100, strings.Count(out, "\n"))
	require.Contains(t, out, `"msg":"message 001","i":1}`+"\n")
	_, out, _ = do("dump", dir, "-from", "99")
	require.Equal(t, 2, strings.Count(out, "\n"))
	_, out, _ = do("dump", "-cursor=loki", dir)
	require.Equal(t, 10, strings.Count(out, "\n"))
	fill(t, d, 101, 101)
	_, out, _ = do("dump", dir, "-cursor", "a file")
	require.Equal(t, 6, strings.Count(out, "\n"))
}

func TestDamageAndSalvage(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	fill(t, d, 1, 100)
	require.NoError(t, d.Ack("slow", 0))
	require.NoError(t, d.Ack("loki", 30))
	require.NoError(t, d.Close(t.Context()))
	names, err := filepath.Glob(filepath.Join(dir, "*.records"))
	require.NoError(t, err)
	damage(t, dir, message(50))
	require.NoError(t, os.Rename(names[len(names)-1], names[len(names)-1]+".damaged"))

	status, out, errs := do("list", dir)
	require.Equal(t, 1, status)
	require.Contains(t, out, ".records.damaged")
	require.Contains(t, errs, "missing")
	status, _, errs = do("dump", dir)
	require.Equal(t, 1, status)
	require.Contains(t, errs, "records missing: 1")
	require.Contains(t, errs, ".damaged is passed over")

	to := filepath.Join(t.TempDir(), "new")
	status, out, errs = do("salvage", dir, to, "-cursors")
	require.Zero(t, status, errs)
	require.Contains(t, out, ": 99\n")
	status, out, errs = do("dump", to, "-cursor", "loki")
	require.Zero(t, status, errs)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 69)
	require.Contains(t, lines[0], message(31))
	require.Contains(t, lines[68], message(100))
	require.NotContains(t, out, message(50))
	d = open(t, to)
	fill(t, d, 101, 101)

	status, _, errs = do("salvage", dir, to)
	require.Equal(t, 1, status)
	require.Contains(t, errs, "is not empty")
}

func TestSalvageThatFails(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	fill(t, d, 1, 3)
	require.NoError(t, d.Ack("loki", 1))
	require.NoError(t, d.Close(t.Context()))
	view, err := disklog.NewView(dir)
	require.NoError(t, err)

	to := t.TempDir()
	log, err := disklog.Open(disklog.Options{Dir: to, OnError: func(error) {}})
	require.NoError(t, err)
	require.NoError(t, log.Close())
	_, _, err = copyRecords(view, log, io.Discard)
	require.ErrorIs(t, err, disklog.ErrClosed)
	require.ErrorIs(t, copyCursors(view, log, nil), disklog.ErrClosed)
	require.ErrorIs(t, copyCursors(new(disklog.View), log, map[string]uint64{"loki": 1}), disklog.ErrClosed)

	names, err := filepath.Glob(filepath.Join(dir, "*.records"))
	require.NoError(t, err)
	require.Len(t, names, 1)
	require.NoError(t, os.Remove(names[0]))
	var out bytes.Buffer
	to = filepath.Join(t.TempDir(), "new")
	require.ErrorIs(t, salvage(view, to, true, &out, io.Discard), fs.ErrNotExist, "the segment was removed meanwhile")
	require.Empty(t, out.String())
	require.Error(t, salvage(view, filepath.Join(os.Args[0], "new"), true, &out, io.Discard), "there is a file in place of the folder")
}

func TestArgumentsThatMakeNoSense(t *testing.T) {
	for _, args := range [][]string{{}, {"list"}, {"list", "a", "b"}, {"salvage", "a"}, {"mend", "a"}, {"dump", "a", "-from", "x"}} {
		status, _, errs := do(args...)
		require.Equal(t, 2, status, args)
		require.Contains(t, errs, "usage: diskdump list DIR", args)
	}
	dir := t.TempDir()
	d := open(t, dir)
	fill(t, d, 1, 3)
	require.NoError(t, d.Close(context.Background()))
	for _, args := range [][]string{
		{"salvage", dir, filepath.Join(dir, "new"), "-from", "3"}, {"salvage", dir, filepath.Join(dir, "new"), "-cursor", "a"}, {"list", dir, "-cursor", "a"}, {"dump", dir, "-cursors"},
	} {
		status, out, errs := do(args...)
		require.Equal(t, 2, status, args)
		require.Contains(t, errs, "usage: diskdump list DIR", args)
		require.Empty(t, out, args)
	}
	status, _, errs := do("list", filepath.Join(t.TempDir(), "none"))
	require.Equal(t, 1, status)
	require.Contains(t, errs, "none")
	status, _, errs = do("list", t.TempDir())
	require.Equal(t, 1, status)
	require.Contains(t, errs, "neither a segment nor a cursor")
}
