//go:build !race && (linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package queuecore

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
)

func TestAWriteIntoASpoolAllocatesNothing(t *testing.T) {
	core := start(t, Config{Targets: Targets(nopCore{zapcore.DebugLevel}), Spool: t.TempDir(), MaxBytes: 64 << 20})
	ent, fields := info("request served"), tenFields()
	for range 20_000 {
		_ = core.Write(ent, fields)
	}
	require.NoError(t, core.Sync())
	allocs := testing.AllocsPerRun(2000, func() { _ = core.Write(ent, fields) })
	require.Zero(t, int(allocs))
}
