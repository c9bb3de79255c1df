package net

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAQueueBeforeAStalledPeerCounts: what the queue cannot hold is dropped and counted.
func TestAQueueBeforeAStalledPeerCounts(t *testing.T) {
	queue, log, err := openStalled(t)
	require.NoError(t, err)
	for range 100_000 {
		log.Info(message, fields()...)
	}
	_ = queue.Close()
	stats := queue.Stats()
	assert.Zero(t, stats.Missing())
	assert.Positive(t, stats.Dropped+stats.Refused, "the peer was stalled")
	assert.Equal(t, uint64(100_000), stats.Accepted+stats.Refused)
}
