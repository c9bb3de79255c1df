package coretest

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// The contract of zap's Core.

func testLevels(t *testing.T, h *Harness) {
	f := start(t, h, Options{Level: zapcore.WarnLevel})
	assert.False(t, f.core.Enabled(zapcore.InfoLevel), "Info is below Warn")
	assert.True(t, f.core.Enabled(zapcore.WarnLevel), "Warn is not below Warn")
	assert.Equal(t, zapcore.WarnLevel, zapcore.LevelOf(f.core), "zapcore.LevelOf tells the configured level")
	assert.Nil(t, f.core.Check(entry(zapcore.InfoLevel, ""), nil), "Check leaves out what is below the level")
	assert.NotNil(t, f.core.Check(entry(zapcore.WarnLevel, ""), nil), "Check adds the core for what is not")
	child := f.core.With([]zapcore.Field{zap.Int("a", 1)})
	assert.Equal(t, zapcore.WarnLevel, zapcore.LevelOf(child), "With keeps the level")

	dynamic := zap.NewAtomicLevelAt(zapcore.ErrorLevel)
	g := start(t, h, Options{Level: dynamic})
	assert.False(t, g.core.Enabled(zapcore.InfoLevel))
	dynamic.SetLevel(zapcore.DebugLevel)
	assert.True(t, g.core.Enabled(zapcore.InfoLevel), "a level that changes is asked each time")
}

func testWrite(t *testing.T, h *Harness) {
	f := start(t, h, Options{Level: zapcore.ErrorLevel})
	require.NoError(t, f.core.Write(entry(zapcore.ErrorLevel, token(1)), []zapcore.Field{zap.String("key", "value-one")}))
	f.arrives(token(1), 1, "a written record arrives once")
	f.arrives("value-one", 1, "its fields arrive with it")
	f.balanced()
}

func testWith(t *testing.T, h *Harness) {
	f := start(t, h, Options{})
	parent := f.core.With([]zapcore.Field{zap.String("parent", "value-parent")})
	a := parent.With([]zapcore.Field{zap.String("a", "value-a")})
	b := parent.With([]zapcore.Field{zap.String("b", "value-b")})
	write := func(c zapcore.Core, i int) {
		require.NoError(t, c.Write(entry(zapcore.ErrorLevel, token(i)), []zapcore.Field{zap.Int("i", i)}))
		f.arrives(token(i), 1, "a record of a With child arrives")
	}
	write(a, 1)
	f.arrives("value-a", 1, "With fields are in the child's record")
	f.arrives("value-parent", 1, "and so are its parent's")
	write(b, 2)
	f.arrives("value-a", 1, "a sibling's fields are not")
	f.arrives("value-b", 1, "its own are")
	write(f.core, 3)
	f.arrives("value-parent", 2, "With does not change the core it is called on")
	write(f.core.With(nil), 4)
	f.arrives("value-parent", 2, "With without fields adds none")
}

// word is a Stringer whose text the program may change.
type word struct{ text string }

func (w *word) String() string { return w.text }

func testFieldsTaken(t *testing.T, h *Harness) {
	f := start(t, h, Options{})
	data, name := []byte("value-before"), &word{"name-before"}
	fields := []zapcore.Field{zap.ByteString("bytes", data), zap.Stringer("name", name), zap.String("plain", "plain-before")}
	withData := []byte("with-before")
	child := f.core.With([]zapcore.Field{zap.ByteString("with", withData)})
	copy(withData, "with-after_")
	require.NoError(t, child.Write(entry(zapcore.ErrorLevel, token(1)), fields))
	copy(data, "value-after_")
	name.text = "name-after"
	fields[2] = zap.String("plain", "plain-after")
	f.arrives(token(1), 1, "the record arrives")
	for _, text := range []string{"value-before", "name-before", "plain-before", "with-before"} {
		assert.Equal(t, 1, f.count(text), "what the program changes after the call does not change the record: %s", text)
	}
}

func testWrappers(t *testing.T, h *Harness) {
	f := start(t, h, Options{Level: zapcore.InfoLevel})
	hooked := 0
	tests := []struct {
		name   string
		logger *zap.Logger
	}{
		{"plain", f.logger()},
		{"increase level", f.logger(zap.IncreaseLevel(zapcore.WarnLevel))},
		{"hooks", f.logger(zap.Hooks(func(zapcore.Entry) error { hooked++; return nil }))},
		{"sampler", f.logger(zap.WrapCore(func(c zapcore.Core) zapcore.Core {
			return zapcore.NewSamplerWithOptions(c, time.Minute, 10, 0)
		}))},
		{"lazy with", f.logger().WithLazy(zap.String("lazy", "value-lazy"))},
		{"tee", zap.New(zapcore.NewTee(f.core, zapcore.NewNopCore()))},
		{"named", f.logger().Named("name-of-logger")},
	}
	for i, test := range tests {
		test.logger.Warn(token(i), zap.Int("i", i))
		f.arrives(token(i), 1, "a record through zap's "+test.name+" arrives once")
	}
	f.arrives("value-lazy", 1, "WithLazy's fields arrive")
	assert.Equal(t, 1, hooked, "hooks run")
	assert.Equal(t, zapcore.WarnLevel, tests[1].logger.Level(), "IncreaseLevel is seen")
}

// bomb is a marshaler that panics.
type bomb struct{}

func (bomb) MarshalLogObject(zapcore.ObjectEncoder) error { panic("bomb") }

func testPanic(t *testing.T, h *Harness) {
	f := start(t, h, Options{})
	func() {
		defer func() { _ = recover() }()
		_ = f.core.Write(entry(zapcore.ErrorLevel, "bomb"), []zapcore.Field{zap.Object("bomb", bomb{})})
	}()
	require.NoError(t, f.core.Write(entry(zapcore.ErrorLevel, token(1)), nil))
	f.arrives(token(1), 1, "after a marshaler panicked, the core works")
	f.balanced()
}

// chatty is a marshaler that logs to the core that is recording it.
type chatty struct{ core zapcore.Core }

func (c chatty) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddString("chatty", "value-chatty")
	return c.core.Write(entry(zapcore.ErrorLevel, token(2)), nil)
}

func testReentrant(t *testing.T, h *Harness) {
	f := start(t, h, Options{})
	done := make(chan error, 1)
	go func() {
		done <- f.core.Write(entry(zapcore.ErrorLevel, token(1)), []zapcore.Field{zap.Object("o", chatty{f.core})})
	}()
	select {
	case err := <-done:
		require.NoError(t, err)
	case <-time.After(10 * time.Second):
		require.Fail(t, "a marshaler that logs to the same core deadlocks")
	}
	f.arrives(token(1), 1, "the outer record arrives")
	f.arrives(token(2), 1, "the inner record arrives")
	f.arrives("value-chatty", 1, "whole")
}

func testConcurrent(t *testing.T, h *Harness) {
	const goroutines, each = 8, 100
	f := start(t, h, Options{})
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			core := f.core.With([]zapcore.Field{zap.Int("goroutine", g)})
			for i := range each {
				assert.NoError(t, core.Write(entry(zapcore.ErrorLevel, token(g*each+i)), []zapcore.Field{zap.Int("i", i)}))
			}
		})
	}
	wg.Wait()
	require.NoError(t, f.core.Sync())
	f.eventually("every record of every goroutine arrives", func() bool { return f.count("-end") >= goroutines*each })
	for i := range goroutines * each {
		require.Equal(t, 1, f.count(token(i)), "record %d arrives once", i)
	}
	require.GreaterOrEqual(t, f.balanced().Accepted, uint64(goroutines*each))
}
