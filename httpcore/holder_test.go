package httpcore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/httpcore"
	base "example.com/zaphandlers/zapcore"
)

// holder treats a batch as a queue does: it sends records again when it is asked to, not earlier, and keeps those that were refused
// for good.
type holder struct {
	core    *httpcore.Core
	refused [][]byte
	waits   []time.Duration // between being asked for patience and the next attempt, less what was asked for
	calls   int
}

func (h *holder) deliver(t *testing.T, tapes [][]byte) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for len(tapes) > 0 {
		require.True(t, time.Now().Before(deadline), "%d records are still not delivered", len(tapes))
		var batch base.Batch
		for _, tape := range tapes {
			batch.Add(tape)
		}
		n, err := h.core.WriteBatch(&batch)
		h.calls++
		var rejected *base.RejectedError
		if errors.As(err, &rejected) {
			for _, i := range rejected.Indexes {
				h.refused = append(h.refused, tapes[i])
			}
		}
		var retry *base.RetryError
		again := errors.As(err, &retry)
		require.True(t, again || n == len(tapes), "what is left may be tried again: %v", err)
		var rest [][]byte
		if again {
			for _, i := range retry.Indexes {
				rest = append(rest, tapes[i])
			}
			begin := time.Now()
			<-time.After(max(retry.After, time.Millisecond))
			h.waits = append(h.waits, time.Since(begin)-retry.After)
		}
		tapes = append(rest, tapes[n:]...)
	}
}
