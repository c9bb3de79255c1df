package request

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A key in a path is not shown, and a name is, however long.
func TestShown(t *testing.T) {
	for raw, want := range map[string]string{
		"https://u:p@h:1/bulk/3F2c8e51-77aa-4c0d-9b1e-0123456789ab/tag/shop/?x=1": "https://h:1/bulk/…/tag/shop/",
		"https://h/services/T00/B00/xq3FzK9a0bQwErTy12345678":                     "https://h/services/T00/B00/…",
		"https://h/logs-2026-11-29-production-europe/_bulk":                       "https://h/logs-2026-11-29-production-europe/_bulk",
		"https://h/internationalization/v1":                                       "https://h/internationalization/v1",
		"https://h/a%20b":                                                         "https://h/a%20b",
		"https://h":                                                               "https://h",
	} {
		u, err := url.Parse(raw)
		require.NoError(t, err)
		assert.Equal(t, want, Shown(u), raw)
	}
}
