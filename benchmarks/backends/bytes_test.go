package backends

import (
	"encoding/base64"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"
)

func hexOf(b []byte) string { return hex.EncodeToString(b) }

func base64OfHex(t testing.TB, s string) string {
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return base64.StdEncoding.EncodeToString(b)
}
