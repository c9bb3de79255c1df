//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package queuecore

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	base "example.com/zaphandlers/zapcore"
)

func TestWhatASpoolHoldsIsDeliveredByTheNextQueue(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "as needed")
	stuck := &fakeBatchWriter{}
	stuck.fail(1<<30, &base.RetryError{Err: errors.New("down")})
	first, seen := observer.New(zapcore.DebugLevel)
	core := start(t, Config{
		Targets: []TargetConfig{{Core: first, Name: "first"}, {Core: stuck, Name: "second"}}, Spool: dir,
		MaxBytes: 64 << 10, DrainTimeout: 20 * time.Millisecond,
	})
	write(t, core, zapcore.InfoLevel, numbered(100)...)
	write(t, core, zapcore.ErrorLevel, "serious")
	require.Eventually(t, func() bool { return seen.Len() == 101 }, 5*time.Second, time.Millisecond)
	err := core.Close()
	require.ErrorContains(t, err, "until the next start: 101")
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.Equal(t, uint64(101), core.Stats().Pending, "they are not dropped")
	require.Zero(t, core.Stats().Dropped)
	require.Zero(t, core.Stats().Missing())

	second := &fakeBatchWriter{}
	first, seen = observer.New(zapcore.DebugLevel)
	core = start(t, Config{Targets: []TargetConfig{{Core: second, Name: "second"}, {Core: first, Name: "first"}}, Spool: dir, MaxBytes: 32 << 10})
	write(t, core, zapcore.InfoLevel, "new")
	require.NoError(t, core.Sync())
	require.Equal(t, append(numbered(100), "serious", "new"), second.all(), "in order, though the targets have changed places, and MaxBytes")
	require.Equal(t, []string{"new"}, observed(seen), "who has had them does not get them again")
	require.Equal(t, Stats{Accepted: 102, Delivered: 1, Skipped: 101}, core.Targets()[1].Stats)
	require.NoError(t, core.Close())
	require.NoFileExists(t, filepath.Join(dir, "arena.spool"), "an empty one is removed")
	core = start(t, Config{Targets: Targets(second), Spool: dir})
	require.Zero(t, core.Stats().Accepted)
}

func TestSpoolErrors(t *testing.T) {
	ok := Targets(zapcore.NewNopCore())
	dir := t.TempDir()
	core := start(t, Config{Targets: ok, Spool: dir})
	_, err := New(Config{Targets: ok, Spool: dir})
	require.ErrorContains(t, err, "queuecore: Config.Spool: "+dir+" is in use")
	require.NoError(t, core.Close())
	core = start(t, Config{Targets: ok, Spool: dir})
	require.NoError(t, core.Close(), "after Close another may have it")

	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = New(Config{Targets: ok, Spool: file})
	require.ErrorContains(t, err, "queuecore: Config.Spool: mkdir "+file)

	_, err = New(Config{Targets: []TargetConfig{{Core: ok[0].Core, Name: "a"}, {Core: ok[0].Core, Name: "a"}}, Spool: dir})
	require.ErrorContains(t, err, `two of the Name "a"`)
	_, err = New(Config{Targets: []TargetConfig{{Core: ok[0].Core, Name: strings.Repeat("a", 200)}}, Spool: dir})
	require.ErrorContains(t, err, "Config.Targets[0].Name is of 200 bytes")
}

// A former process may have left more than MaxBytes is now. A record that evicts others evicts no more than it needs.
func TestASpoolThatIsSmallerNow(t *testing.T) {
	for name, overflow := range map[string]Overflow{"Block": Block, "DropOldest": DropOldest} {
		t.Run(name, func(t *testing.T) {
			down := &fakeBatchWriter{}
			down.fail(1<<30, &base.RetryError{Err: errors.New("down")})
			cfg := Config{
				Targets: Targets(down), Spool: t.TempDir(), MaxBytes: 1 << 20, DrainTimeout: 20 * time.Millisecond, OmitNotice: true,
				Overflow: overflow,
			}
			core := start(t, cfg)
			write(t, core, zapcore.InfoLevel, numbered(1000)...)
			require.ErrorContains(t, core.Close(), "until the next start: 1000")

			cfg.MaxBytes = minBytes
			core = start(t, cfg)
			write(t, core, zapcore.ErrorLevel, "serious")
			require.LessOrEqual(t, core.Stats().Dropped, uint64(3))
			require.GreaterOrEqual(t, core.Stats().Pending, uint64(998))
		})
	}
}

// A relative Spool is that of the working directory in which New was called, wherever the program goes afterwards.
func TestASpoolInARelativeFolder(t *testing.T) {
	home := t.TempDir()
	t.Chdir(home)
	stuck := &fakeBatchWriter{}
	stuck.fail(1<<30, &base.RetryError{Err: errors.New("down")})
	core := start(t, Config{Targets: Targets(stuck), Spool: "spool", DrainTimeout: 20 * time.Millisecond})
	write(t, core, zapcore.InfoLevel, numbered(10)...)
	t.Chdir(t.TempDir())
	require.ErrorContains(t, core.Close(), "left in "+filepath.Join(home, "spool")+" until the next start: 10")
	require.Zero(t, core.Stats().Dropped)
}

func TestASpoolThatCannotBeReadIsToldAndPutAside(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "arena.spool"), []byte("something else"), 0o600))
	var heard said
	core := start(t, Config{Targets: Targets(zapcore.NewNopCore()), Spool: dir, OnError: heard.onError})
	require.Len(t, heard.errs, 1)
	require.ErrorContains(t, heard.errs[0], "queuecore: Config.Spool: ")
	require.ErrorContains(t, heard.errs[0], "is put aside")
	require.NoError(t, core.Close())
}

// A stuck target may still read in the mapping when Close has given up on it.
func TestCloseOfASpoolWithAStuckTarget(t *testing.T) {
	dir := t.TempDir()
	f := &fakeBatchWriter{gate: make(chan struct{}), entered: make(chan struct{}, 10)}
	core := start(t, Config{Targets: Targets(f), Spool: dir, DrainTimeout: 10 * time.Millisecond})
	write(t, core, zapcore.InfoLevel, "one", "two")
	<-f.entered
	require.ErrorContains(t, core.Close(), "until the next start")
	close(f.gate)
	require.Eventually(t, func() bool { return f.len() > 0 }, 5*time.Second, time.Millisecond, "it reads what it has in hand")
	g := &fakeBatchWriter{}
	core = start(t, Config{Targets: Targets(g), Spool: dir})
	require.NoError(t, core.Close())
	require.Equal(t, []string{"one", "two"}, g.all())
}

// Once Close has given up waiting, a target's goroutine does not go on with records that the Spool keeps for the next process.
func TestCloseOfASpoolEndsTheGoroutines(t *testing.T) {
	down := &fakeBatchWriter{}
	down.fail(1<<30, &base.RetryError{Err: errors.New("down")})
	stuck := &fakeBatchWriter{gate: make(chan struct{}), entered: make(chan struct{}, 10)}
	core := start(t, Config{Spool: t.TempDir(), DrainTimeout: 10 * time.Millisecond, Targets: []TargetConfig{
		{Core: down, Name: "down", BatchRecords: 1, RetryStart: time.Hour}, {Core: stuck, Name: "stuck", BatchRecords: 1}}})
	write(t, core, zapcore.InfoLevel, "one")
	<-stuck.entered
	write(t, core, zapcore.InfoLevel, "two", "three")
	require.ErrorContains(t, core.Close(), "until the next start")
	close(stuck.gate)
	for _, s := range core.queue.targets {
		select {
		case <-s.stopped:
		case <-time.After(5 * time.Second):
			require.FailNow(t, "a goroutine goes on", s.target.Name)
		}
	}
	require.Equal(t, []string{"one"}, stuck.all())
}

// If the spool's file was removed or moved, Close does not say that records stay in it, and does not remove the file of another queue.
func TestCloseOfASpoolThatIsNotThereAnyMore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	f := &fakeBatchWriter{gate: make(chan struct{}), entered: make(chan struct{}, 10)}
	t.Cleanup(func() { close(f.gate) })
	core := start(t, Config{Targets: Targets(f), Spool: dir, DrainTimeout: 10 * time.Millisecond})
	write(t, core, zapcore.InfoLevel, "one", "two")
	<-f.entered
	require.NoError(t, os.Rename(dir, dir+".moved"))
	err := core.Close()
	var lost *LostError
	require.ErrorAs(t, err, &lost)
	require.EqualValues(t, 2, lost.Records)
	require.ErrorContains(t, err, "was removed or moved, with what was pending: 2")

	first := start(t, Config{Targets: Targets(&fakeBatchWriter{}), Spool: dir})
	require.NoError(t, os.Remove(filepath.Join(dir, "lock"))) // who cleans up does not know what it is for
	second := start(t, Config{Targets: Targets(&fakeBatchWriter{}), Spool: dir})
	require.NoError(t, first.Close())
	require.FileExists(t, filepath.Join(dir, "arena.spool"))
	require.NoError(t, second.Close())
}

// TestRandomSchedulesWithASpool is TestRandomSchedules on a spool: the memory is another, the laws are the same.
func TestRandomSchedulesWithASpool(t *testing.T) {
	schedules := 60
	if testing.Short() {
		schedules = 10
	}
	for seed := range uint64(schedules) {
		newScheduleIn(t, seed, t.TempDir()).run()
	}
}

func TestAFullSpoolOverflows(t *testing.T) {
	f := &fakeBatchWriter{gate: make(chan struct{}), entered: make(chan struct{}, 1000)}
	core := start(t, Config{Targets: Targets(f), Spool: t.TempDir(), MaxBytes: minBytes, Overflow: DropOldest, OmitNotice: true})
	for range 1000 {
		write(t, core, zapcore.InfoLevel, bulky("record"))
	}
	write(t, core, zapcore.InfoLevel, "last")
	close(f.gate)
	require.NoError(t, core.Sync())
	require.True(t, slices.Contains(f.all(), "last"))
	s := core.Stats()
	require.Zero(t, s.Missing())
	require.NotZero(t, s.Dropped)
}

// Unconfirmed records of a target would be lost with the process, so the spool keeps them until they are confirmed.
func TestASpoolKeepsWhatIsNotConfirmed(t *testing.T) {
	dir, copied := t.TempDir(), t.TempDir()
	target := &confirming{Core: zapcore.NewNopCore(), down: true}
	targets := func(core zapcore.Core) []TargetConfig {
		return []TargetConfig{{Core: core, Name: "peer", IgnoreLevel: true, Level: zapcore.DebugLevel, RetryStart: time.Millisecond, RetryMax: time.Millisecond}}
	}
	core := start(t, Config{Targets: targets(target), Spool: dir, OnError: func(error) {}})
	write(t, core, zapcore.InfoLevel, "one", "two", "three")
	held := func() (pending uint64, syncs int) {
		target.mu.Lock()
		defer target.mu.Unlock()
		return target.pending, target.syncs
	}
	require.Eventually(t, func() bool { _, syncs := held(); return syncs >= 2 }, 10*time.Second, time.Millisecond)
	require.NotZero(t, core.Stats().Pending)
	arena, err := os.ReadFile(filepath.Join(dir, "arena.spool")) // as a kill would leave it
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(copied, "arena.spool"), arena, 0o600))

	next := &fakeBatchWriter{}
	after := start(t, Config{Targets: targets(next), Spool: copied})
	require.NoError(t, after.Close())
	require.Equal(t, []string{"one", "two", "three"}, next.all())

	target.mu.Lock()
	target.down = false
	target.mu.Unlock()
	require.NoError(t, core.Close())
	require.Equal(t, uint64(3), core.Stats().Delivered)
	pending, _ := held()
	require.Zero(t, pending)
}
