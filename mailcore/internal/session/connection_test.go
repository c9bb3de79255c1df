package session

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAddressLiteral(t *testing.T) {
	for _, test := range []struct {
		addr net.Addr
		want string
	}{
		{&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 4711}, "[192.0.2.1]"},
		{&net.TCPAddr{IP: net.ParseIP("2001:db8::1"), Port: 4711}, "[IPv6:2001:db8::1]"},
		{&net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0"}, "[IPv6:fe80::1]"},
		{&net.TCPAddr{}, "localhost"},
		{&net.UnixAddr{Name: "/run/tunnel"}, "localhost"},
		{nil, "localhost"},
	} {
		assert.Equal(t, test.want, addressLiteral(test.addr))
	}
}
