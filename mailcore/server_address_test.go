package mailcore_test

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/mailcore"
)

// TestHostsAsPythonHasThem holds that names beyond ASCII, and short addresses, are what Python's sockets make of them.
func TestHostsAsPythonHasThem(t *testing.T) {
	for addr, want := range map[string]string{
		"bücher.example": "xn--bcher-kva.example:25", "bücher.example:587": "xn--bcher-kva.example:587", "127.1": "127.0.0.1:25",
	} {
		dialled := ""
		core, err := mailcore.New(mailcore.Config{
			Addr: addr, From: "a@example.com", To: []string{"b@example.com"},
			Dial: func(_ context.Context, _, address string) (net.Conn, error) {
				dialled = address
				return nil, errors.New("not here")
			},
		})
		require.NoError(t, err)
		require.Error(t, write(core, "x"))
		require.NoError(t, core.Close())
		require.Equal(t, want, dialled)
	}
}
