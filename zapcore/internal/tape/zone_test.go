package tape

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestZoneCacheIsBounded(t *testing.T) {
	var c zoneCache
	for i := range 3 * maxZones {
		c.get("Z", i)
		require.LessOrEqual(t, len(c.known), maxZones)
	}
	require.Same(t, c.get("A", 1), c.get("A", 1))
}
