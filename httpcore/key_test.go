package httpcore_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/httpcore"
)

func TestKeyIsKeptWhenTheHolderAddsRecords(t *testing.T) {
	server := script(t, hangUp, status(204))
	core := lines(t, server.URL, nil)
	_, err := core.WriteBatch(batchOf(t, "a", "b"))
	require.Error(t, err)
	requireTaken(t, core, batchOf(t, "a", "b", "c"))
	requireTaken(t, core, batchOf(t, "a", "b"))
	bodies, keys := server.seen()
	require.Equal(t, []string{"a\nb\n", "a\nb\n", "c\n", "a\nb\n"}, bodies)
	require.Equal(t, keys[0], keys[1], "the same request")
	require.Len(t, unique(keys), 3, "new records, and the same texts logged anew, are another")
}

func TestKeyCanBeLeftOut(t *testing.T) {
	server := script(t, status(204))
	requireTaken(t, lines(t, server.URL, func(cfg *httpcore.Config) { cfg.OmitIdempotencyKey = true }), batchOf(t, "a"))
	_, keys := server.seen()
	require.Equal(t, []string{""}, keys)
}
