package queuecore

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// A dead-letter Core may gather what it gets, as a file with a Buffer does: it is synced when and where the target is.
func TestDeadLetterIsSynced(t *testing.T) {
	letters := func() (target TargetConfig, dead *fakeBatchWriter) {
		dead = &fakeBatchWriter{}
		return TargetConfig{Core: &fakeBatchWriter{each: refuses}, DeadLetter: dead}, dead
	}
	syncs := func(f *fakeBatchWriter) int {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.syncs
	}
	for name, sync := range map[string]func(*Core) error{
		"by Sync":  (*Core).Sync,
		"by Close": func(c *Core) error { _ = c.Close(); return nil }, // the record may be one that it tells of
		"before the end of the program": func(c *Core) error {
			return c.Write(zapcore.Entry{Level: zapcore.FatalLevel, Message: "the end"}, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			target, dead := letters()
			core := start(t, Config{OmitNotice: true, Targets: []TargetConfig{target}})
			write(t, core, zapcore.InfoLevel, "refused")
			require.NoError(t, sync(core))
			require.Contains(t, dead.all(), "refused")
			require.Equal(t, 1, syncs(dead))
			require.NoError(t, core.Sync())
			require.NoError(t, core.Close())
			require.Equal(t, 1, syncs(dead), "it has got nothing since")
		})
	}
	t.Run("of a record that its caller delivers", func(t *testing.T) {
		target, dead := letters()
		core := start(t, Config{OmitNotice: true, Targets: []TargetConfig{target}})
		var tape base.Record
		require.NoError(t, tape.Capture(zapcore.Entry{Message: "refused"}, base.Context{}, nil))
		core.queue.writeThrough(zapcore.InfoLevel, tape.Bytes())
		require.NoError(t, core.Sync())
		require.Equal(t, []string{"refused"}, dead.all())
		require.Equal(t, 1, syncs(dead))
	})
	t.Run("of one that was under way at the Sync before", func(t *testing.T) {
		target, dead := letters()
		dead.gate, dead.entered = make(chan struct{}), make(chan struct{}, 1)
		core := start(t, Config{OmitNotice: true, Targets: []TargetConfig{target}})
		var tape base.Record
		require.NoError(t, tape.Capture(zapcore.Entry{Message: "refused"}, base.Context{}, nil))
		written := make(chan struct{})
		go func() { defer close(written); core.queue.writeThrough(zapcore.InfoLevel, tape.Bytes()) }()
		<-dead.entered
		require.NoError(t, core.Sync())
		before := syncs(dead)
		close(dead.gate)
		<-written
		require.NoError(t, core.Sync())
		require.Equal(t, before+1, syncs(dead))
	})
	t.Run("by Stop", func(t *testing.T) {
		target, dead := letters()
		engine := NewMemory(0)
		core, err := NewHandler(engine, Config{})
		require.NoError(t, err)
		write(t, core, zapcore.InfoLevel, "refused")
		require.NoError(t, core.Close())
		listener, err := NewListener(engine, ListenerConfig{Targets: []TargetConfig{target}, OnError: func(error) {}})
		require.NoError(t, err)
		listener.Start()
		require.NoError(t, listener.Stop())
		require.Equal(t, []string{"refused"}, dead.all())
		require.Equal(t, 1, syncs(dead))
	})
	t.Run("its error is that of Sync, until it succeeds", func(t *testing.T) {
		target, _ := letters()
		full := errors.New("no space left")
		dead := &failingSyncCore{err: full}
		target.DeadLetter = dead
		core := start(t, Config{OmitNotice: true, Targets: []TargetConfig{target}})
		write(t, core, zapcore.InfoLevel, "refused")
		require.ErrorIs(t, core.Sync(), full)
		require.ErrorIs(t, core.Sync(), full)
		dead.err = nil
		require.NoError(t, core.Sync())
	})
}

// A dead-letter Core has a level, be it a BatchWriter, which is not asked for it, or not.
func TestDeadLetterHasALevel(t *testing.T) {
	for _, batches := range []bool{true, false} {
		var out strings.Builder
		dead := zapcore.NewCore(jsonEncoder(), zapcore.AddSync(&out), zapcore.WarnLevel)
		if batches {
			dead = base.FromWriter(jsonEncoder(), zapcore.AddSync(&out), zapcore.WarnLevel)
		}
		core := start(t, Config{OmitNotice: true, Targets: []TargetConfig{{Core: &fakeBatchWriter{each: refuses}, DeadLetter: dead}}})
		write(t, core, zapcore.InfoLevel, "below")
		write(t, core, zapcore.WarnLevel, "wanted")
		require.NoError(t, core.Sync())
		require.NotContains(t, out.String(), "below", batches)
		require.Contains(t, out.String(), "wanted", batches)
		require.Equal(t, uint64(1), core.Targets()[0].DeadLetter, batches)
		require.Equal(t, map[Cause]uint64{Rejected: 2}, dropsOf(core.Targets()[0]), batches)
	}
}

// refuses refuses a record for good.
func refuses(*base.Record) error {
	return &base.RejectedError{Err: errors.New("malformed"), Indexes: []int{0}}
}

// failingSyncCore is a core whose Sync fails.
type failingSyncCore struct {
	fakeBatchWriter
	err error
}

func (f *failingSyncCore) Sync() error { return f.err }
