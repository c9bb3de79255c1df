package hosts

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFault(t *testing.T) {
	label := strings.Repeat("a", 63)
	for _, host := range []string{"", "h", "h.", "logs.example.com", "xn--bcher-kva.example", "bücher.example", "h_x", "10.0.0.1", "127.1", "0", "::1", "fe80::1%eth0",
		"1.example", "1.2.3.4.example", label + "." + label + "." + label + "." + label[:61], "a.b.c.4x"} {
		assert.Empty(t, Fault(host), host)
	}
	for _, host := range []string{".", "h..x", ".h", "a b", "h\n", "h\x00", "h\u00a0x", "h/x", "u@h", "*", "*.example.com", "1.2.3.4.5", "256.1.1.1", "a.b.c.4", label + "a",
		label + "." + label + "." + label + "." + label[:62], "h:1", "[::1]", "<h>"} {
		assert.NotEmpty(t, Fault(host), host)
	}
}
