package mailcore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/mailcore"
)

var tenFields = []zapcore.Field{
	zap.String("method", "GET"), zap.String("path", "/api/v1/orders/12345"), zap.Int("status", 500),
	zap.Int64("bytes", 51234), zap.Duration("elapsed", 1234567), zap.String("remote", "192.0.2.17:51234"),
	zap.String("request_id", "6f1c2a4e-9b1d"), zap.String("agent", "curl/8.5.0"), zap.Bool("cached", true),
	zap.Float64("load", 0.75),
}

// held returns a core that holds what is written to it.
func held(t testing.TB) *mailcore.Core {
	s := newServer(t, &server{})
	cfg := configFor(s)
	cfg.Interval = time.Hour
	cfg.HeldBytes = 1 << 10
	cfg.Encoder = zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
	core := newCore(t, cfg)
	require.NoError(t, write(core, "the first is mailed"))
	for range 100 {
		require.NoError(t, write(core, "fill"))
	}
	return core
}

// In a flood, what is held costs the caller no allocation. A mail is a dialogue, and net/smtp's allocates.
func TestARecordThatIsHeldAllocatesNothing(t *testing.T) {
	core := held(t)
	ent := zapcore.Entry{Level: zapcore.ErrorLevel, Time: noon, Message: "out of stock"}
	allocs := testing.AllocsPerRun(2000, func() {
		if err := core.Write(ent, tenFields); err != nil {
			t.Error(err)
		}
	})
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	assert.Zero(t, allocs)
}
