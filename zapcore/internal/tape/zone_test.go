package tape

import (
	"strings"
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
	known := len(c.known)
	require.Equal(t, c.get(strings.Repeat("long", 20), 1), c.get(strings.Repeat("long", 20), 1))
	require.Len(t, c.known, known, "a long name is not kept, for it may be of any length")
}
