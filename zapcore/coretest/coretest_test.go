package coretest_test

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/coretest"
)

// good is a core that keeps every promise; each broken one below wraps it and breaks one.
func good(t *testing.T, dst *coretest.Destination, opts coretest.Options) *base.Handler {
	h, err := base.NewHandler(base.HandlerConfig{
		Name: "test", Level: opts.Level, Emitter: dst.Emitter(),
		Encoder: zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()),
	})
	require.NoError(t, err)
	return h
}

type closer interface {
	coretest.Core
	Stats() base.Stats
}

// wrapped lets a broken core override one method.
type wrapped struct{ closer }

type ignoresLevel struct{ wrapped }

func (c ignoresLevel) Enabled(zapcore.Level) bool { return true }

type losesWith struct{ wrapped }

func (c losesWith) With([]zapcore.Field) zapcore.Core { return c.closer }

type losesEverything struct{ wrapped }

func (losesEverything) Write(zapcore.Entry, []zapcore.Field) error { return nil }

type doubles struct{ wrapped }

func (c doubles) Write(ent zapcore.Entry, fields []zapcore.Field) error {
	_ = c.closer.Write(ent, fields)
	return c.closer.Write(ent, fields)
}

type miscounts struct{ wrapped }

func (c miscounts) Stats() base.Stats {
	s := c.closer.Stats()
	s.Accepted++
	return s
}

type allocates struct{ wrapped }

func (c allocates) With(fields []zapcore.Field) zapcore.Core {
	return allocatingChild{c.closer.With(fields)}
}

type allocatingChild struct{ zapcore.Core }

func (c allocatingChild) Write(ent zapcore.Entry, fields []zapcore.Field) error {
	return c.Core.Write(ent, append([]zapcore.Field(nil), fields...))
}

type forgetsClose struct{ wrapped }

func (forgetsClose) Close() error { return nil }

type leaks struct{ wrapped }

func (c leaks) Sync() error {
	go func() { <-time.After(time.Minute) }()
	return c.closer.Sync()
}

type slow struct{ wrapped }

func (c slow) Write(ent zapcore.Entry, fields []zapcore.Field) error {
	err := c.closer.Write(ent, fields)
	if err != nil {
		<-time.After(time.Second)
	}
	return err
}

var broken = map[string]struct {
	make func(c closer) coretest.Core
	want string // the case that must fail
}{
	"ignores the level":         {func(c closer) coretest.Core { return ignoresLevel{wrapped{c}} }, "levels"},
	"loses the fields of With":  {func(c closer) coretest.Core { return losesWith{wrapped{c}} }, "with"},
	"loses everything":          {func(c closer) coretest.Core { return losesEverything{wrapped{c}} }, "write_delivers"},
	"writes twice":              {func(c closer) coretest.Core { return doubles{wrapped{c}} }, "write_delivers"},
	"counts wrong":              {func(c closer) coretest.Core { return miscounts{wrapped{c}} }, "write_delivers"},
	"allocates":                 {func(c closer) coretest.Core { return allocates{wrapped{c}} }, "allocations"},
	"goes on after Close":       {func(c closer) coretest.Core { return forgetsClose{wrapped{c}} }, "close"},
	"leaves goroutines":         {func(c closer) coretest.Core { return leaks{wrapped{c}} }, "write_delivers"},
	"is slow when it must fail": {func(c closer) coretest.Core { return slow{wrapped{c}} }, "a_stalled_destination"},
}

// TestBrokenCoresFail proves that the suite can fail: each core that breaks one promise fails the case that holds it.
func TestBrokenCoresFail(t *testing.T) {
	for name, b := range broken {
		t.Run(name, func(t *testing.T) {
			if b.want == "allocations" && coretest.RaceOn {
				t.Skip("the race detector allocates")
			}
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run=^TestBroken$/^"+b.want+"$")
			cmd.Env = append(os.Environ(), "CORETEST_BROKEN="+name)
			out, err := cmd.CombinedOutput()
			require.Error(t, err, "the suite passed a core that %s:\n%s", name, out)
			require.Contains(t, string(out), "--- FAIL: TestBroken/"+b.want, "another case failed than the one that should")
		})
	}
}

// TestBroken is the child of TestBrokenCoresFail.
func TestBroken(t *testing.T) {
	b, ok := broken[os.Getenv("CORETEST_BROKEN")]
	if !ok {
		t.Skip("run by TestBrokenCoresFail")
	}
	coretest.SetWaitLimit(300 * time.Millisecond)
	coretest.Run(t, coretest.Harness{New: func(t *testing.T, dst *coretest.Destination, opts coretest.Options) coretest.Core {
		return b.make(good(t, dst, opts))
	}})
}
