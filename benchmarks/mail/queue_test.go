package mail

import (
	"fmt"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/mailcore"
	"example.com/zaphandlers/queuecore"
)

// A queue in front makes the digests, waits while the server is away, and gives up what the server refuses.
func TestAQueueInFront(t *testing.T) {
	const records = 1000
	s := start(t, &server{closing: "DATA"}, true)
	cfg := configFor(s)
	cfg.SubjectFunc, cfg.Subject = nil, "log"
	cfg.OnError = func(err error) { t.Errorf("nobody waits: %v", err) }
	mails := newCore(t, cfg)
	queue, err := queuecore.New(queuecore.Config{
		Targets: []queuecore.TargetConfig{{Core: mails, BatchAge: 50 * time.Millisecond, RetryStart: 10 * time.Millisecond}},
		OnError: func(error) {},
	})
	require.NoError(t, err)
	logger := zap.New(queue)
	logger.Info("below the level of mails")
	for i := range records {
		logger.Error(fmt.Sprint("record ", i))
	}
	require.Eventually(t, func() bool { return s.refusals() > 0 }, 10*time.Second, time.Millisecond)
	assert.Empty(t, s.taken(), "the server takes none")
	s.heal()
	require.NoError(t, queue.Sync())

	total := 0
	for _, m := range s.taken() {
		n := 1
		if digest := regexp.MustCompile(`Subject: log \((\d+) records\)`).FindSubmatch(m.data); digest != nil {
			n, err = strconv.Atoi(string(digest[1]))
			require.NoError(t, err)
		}
		total += n
	}
	assert.Equal(t, records, total)
	assert.Less(t, len(s.taken()), 30)
	require.NoError(t, queue.Close())
	assert.Equal(t, uint64(records), mails.Stats().Delivered)
	assert.Zero(t, mails.Stats().Missing())
	assert.Equal(t, zapcore.ErrorLevel, mails.Level())
	require.ErrorIs(t, write(closed(t, mails), "x"), mailcore.ErrClosed)
}

func closed(t *testing.T, core *mailcore.Core) *mailcore.Core {
	require.NoError(t, core.Close())
	return core
}
