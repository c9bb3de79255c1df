package queuecore

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// Before the Write of a record above Error returns, the targets have all records accepted before it, even if the record itself is refused,
// dropped by Prepare, or given a lower level: the program is about to end.
func TestWhatCameBeforeAFatalArrivesThoughThatIsNotQueued(t *testing.T) {
	keep := func(_ *zapcore.Entry, fields []zapcore.Field) ([]zapcore.Field, bool) { return fields, true }
	for name, test := range map[string]struct {
		prepare Prepare
		message string
		want    int // records beyond those before it
	}{
		"larger than MaxBytes":           {message: strings.Repeat("x", 128<<10)},
		"larger than MaxBytes, prepared": {prepare: keep, message: strings.Repeat("x", 128<<10)},
		"dropped by Prepare": {prepare: func(ent *zapcore.Entry, fields []zapcore.Field) ([]zapcore.Field, bool) {
			return fields, ent.Level < zapcore.FatalLevel
		}},
		"Prepare panics": {prepare: func(ent *zapcore.Entry, fields []zapcore.Field) ([]zapcore.Field, bool) {
			if ent.Level == zapcore.FatalLevel {
				panic("at Prepare")
			}
			return fields, true
		}},
		"made an Error by Prepare": {want: 1, prepare: func(ent *zapcore.Entry, fields []zapcore.Field) ([]zapcore.Field, bool) {
			ent.Level = min(ent.Level, zapcore.ErrorLevel)
			return fields, true
		}},
	} {
		for _, batch := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " ", batch), func(t *testing.T) {
				target := &slowForeign{pause: time.Millisecond}
				core, err := New(Config{Targets: Targets(target), MaxBytes: 64 << 10, Prepare: test.prepare, OnError: func(error) {}})
				require.NoError(t, err)
				const before = 100
				for range before {
					require.NoError(t, core.Write(zapcore.Entry{Message: "before"}, nil))
				}
				ent := zapcore.Entry{Level: zapcore.FatalLevel, Message: test.message}
				var r base.Record
				if batch && r.Capture(ent, base.Context{}, nil) == nil {
					var b base.Batch
					b.Add(r.Bytes())
					_, _ = core.WriteBatch(&b)
				} else {
					_ = core.Write(ent, nil)
				}
				require.Len(t, target.all(), before+test.want)
				require.NoError(t, core.Close())
			})
		}
	}
}
