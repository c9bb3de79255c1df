package buffercore

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// Before the Write of a record above Error returns, the target has what the buffer holds, whatever FlushLevel is, and even if the record
// itself is refused: the program is about to end.
func TestWhatIsHeldArrivesBeforeTheProgramEnds(t *testing.T) {
	for name, test := range map[string]struct {
		cfg     Config
		level   zapcore.Level
		message string
		want    int // records beyond the one before
	}{
		"a Panic below FlushLevel":                 {Config{FlushLevel: zapcore.FatalLevel}, zapcore.PanicLevel, "m", 1},
		"a Fatal below FlushLevel":                 {Config{FlushLevel: zapcore.InvalidLevel}, zapcore.FatalLevel, "m", 1},
		"larger than the buffer":                   {Config{MaxBytes: minBytes}, zapcore.FatalLevel, strings.Repeat("x", minBytes), 0},
		"larger than the buffer, below FlushLevel": {Config{MaxBytes: minBytes, FlushLevel: zapcore.InvalidLevel}, zapcore.FatalLevel, strings.Repeat("x", minBytes), 0},
	} {
		for _, recorded := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				target, logs := observer.New(zapcore.DebugLevel)
				test.cfg.Target = target
				core, err := New(test.cfg)
				require.NoError(t, err)
				var w zapcore.Core = core
				if recorded {
					r := core.Begin()
					defer r.End(false)
					w = r
				}
				require.NoError(t, w.Write(zapcore.Entry{Message: "before"}, nil))
				for i := range 3 { // a DPanic may be survived; the second takes a shorter way
					_ = w.Write(zapcore.Entry{Level: test.level, Message: test.message}, nil)
					require.Equal(t, 1+(i+1)*test.want, logs.Len())
				}
				require.NoError(t, core.Close())
			})
		}
	}
}
