package netcore

import (
	"context"
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/sockets"
)

func TestAddressesThatCanNeverWork(t *testing.T) {
	for _, test := range []struct{ network, address, want string }{
		{"udp", "/dev/log", `"/dev/log" is the path of a unix socket: Network has to be "unix" or "unixgram", not "udp"`},
		{"tcp", "/dev/log", `"/dev/log" is the path of a unix socket`},
		{"tcp", "./socket", `"./socket" is the path of a unix socket`},
		{"", "tcp://host:514", `"tcp://host:514" is a URL: it has to be "host:port", and Network says the protocol`},
		{"unix", "unix:///dev/log", `"unix:///dev/log" is a URL: with Network "unix" it has to be a path`},
		{"", "host:0", `"host:0" has port 0: it has to be from 1 to 65535`},
		{"", "host:99999", `"host:99999" has port 99999: it has to be from 1 to 65535`},
		{"", "host:99999999999999999999999", `"host:99999999999999999999999" has port`},
		{"", "host:-1", `"host:-1" has port "-1"`},
		{"", "host:+1", `"host:+1" has port "+1"`},
		{"", "host:no-such-service", `"host:no-such-service" has port "no-such-service", which is no number, nor a service that the system knows`},
		{"", "host: 1", `"host: 1" has port " 1", which is no number`},
		{"", "host:1 ", `"host:1 " has port "1 ", which is no number`},
		{"", "host:", `"host:" has no port: it has to be "host:port"`},
		{"", "9020", `"9020" is a port without a host: it has to be "host:9020" or ":9020"`},
		{"udp", "514", `"514" is a port without a host`},
		{"", "::1", `"::1": an IPv6 address has to be in brackets, as in "[::1]:9020"`},
		{"udp", "2001:db8::1:514", `"2001:db8::1:514": an IPv6 address has to be in brackets, as in "[::1]:9021"`},
		{"", "a:b:1", `"a:b:1" has to be "host:port", and one of them`},
		{"", "a:1,b:1", `"a:1,b:1" has to be "host:port", and one of them`},
		{"", "[::1", `"[::1" has to be "host:port"`},
		{"", "[host", `"[host" has to be "host:port"`},
		{"", "host]", `"host]" has to be "host:port"`},
		{"", "[host]", `"[host]" has to be "host:port"`},
		{"", " host:1", `" host:1": there is a blank or a control character in it`},
		{"", "two words:1", `"two words:1": there is a blank or a control character in it`},
		{"", "host\n:1", `there is a blank or a control character in it`},
		{"", "user@host:1", `the host is no name, nor an IP address`},
		{"", "host/path:1", `the host is no name, nor an IP address`},
		{"", "a..b:1", `the host is no name, nor an IP address`},
		{"", strings.Repeat("x", 64) + ":1", `the host is no name, nor an IP address`},
		{"", "300.1.1.1:1", `the host is no IP address`},
		{"tcp4", "[::1]:1", `the host has no address for Network "tcp4"`},
		{"", "[fe80::1%et\nh0]:1", `the zone behind its % is no network's name`},
		{"udp6", "127.1:1", `the host has no address for Network "udp6"`},
		{"udp6", "127.0.0.1:1", `the host has no address for Network "udp6"`},
		{"unix", "/" + strings.Repeat("x", 200), `has 201 bytes: the path of a unix socket has at most`},
		{"unix", "/a\x00b", `there is a NUL in the path`},
	} {
		t.Run(test.network+" "+test.address, func(t *testing.T) {
			_, err := New(Config{Network: test.network, Address: test.address})
			require.ErrorContains(t, err, "netcore: Config.Address ")
			require.ErrorContains(t, err, test.want)
			if test.address == "host:0" {
				return
			}
			_, err = NewServer(ServerConfig{Network: test.network, Address: test.address, Format: FormatLines, Target: zapcore.NewNopCore()})
			require.ErrorContains(t, err, "netcore: ServerConfig.Address ")
		})
	}
}

func TestAddressesThatMeanSomething(t *testing.T) {
	here, err := os.Getwd()
	require.NoError(t, err)
	for _, test := range []struct{ network, address, wantNetwork, want string }{
		{"", "loghost", "tcp", "loghost:9020"},
		{"udp", "loghost", "udp", "loghost:9021"},
		{"udp6", "[::1]", "udp6", "[::1]:9021"},
		{"", "127.0.0.1", "tcp", "127.0.0.1:9020"},
		{"", "[::1]:1", "tcp", "[::1]:1"},
		{"", "[fe80::1%eth0]:1", "tcp", "[fe80::1%eth0]:1"},
		{"", "under_score.example.com.:1", "tcp", "under_score.example.com.:1"},
		{"", "bücher.example:65535", "tcp", "xn--bcher-kva.example:65535"}, // as Python's sockets encode it
		{"", "127.1:1", "tcp", "127.0.0.1:1"},
		{"", ":1", "tcp", ":1"},
		{"", "loghost:http", "tcp", "loghost:http"},
		{"", "/run/socket", "unix", "/run/socket"},
		{"", "@abstract", "unix", "@abstract"},
		{"unixgram", "relative", "unixgram", filepath.Join(here, "relative")},
		{"unix", "looks:99999", "unix", filepath.Join(here, "looks:99999")},
	} {
		t.Run(test.network+" "+test.address, func(t *testing.T) {
			core, err := Config{Network: test.network, Address: test.address}.withDefaults()
			require.NoError(t, err)
			cfg := core.emitter(nil)
			cfg.Report = newTestEmitter(t, "tcp", "x:1", EmitterConfig{}).cfg.Report
			cfg, err = cfg.withDefaults()
			require.NoError(t, err)
			assert.Equal(t, test.wantNetwork, cfg.Network)
			assert.Equal(t, test.want, cfg.Address)
		})
	}
	t.Run("to a Dial, which gets it as it is", func(t *testing.T) {
		_, err := New(Config{Address: "any thing", Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errFake }})
		require.NoError(t, err)
	})
	t.Run("a port that is none, to one who writes a handler", func(t *testing.T) {
		_, err := NewEmitter(EmitterConfig{Address: "loghost", Report: newTestEmitter(t, "tcp", "x:1", EmitterConfig{}).cfg.Report})
		require.ErrorContains(t, err, `Address "loghost" has no port: it has to be "host:port"`)
	})
}

// TestPathWithoutANetwork is Python's SocketHandler(path, None).
func TestPathWithoutANetwork(t *testing.T) {
	got := make(chan string, 1)
	p := sockets.Listen(t, "unix", lines(got))
	core := newCore(t, Config{Address: p.Address(), Encoder: plain(), OnError: never(t)})
	require.NoError(t, core.Write(entry("hello"), nil))
	assert.Equal(t, "hello", sockets.Receive(t, got))
}

func TestServerName(t *testing.T) {
	for _, test := range []struct{ network, address, want string }{
		{"", "loghost:6514", "loghost"},
		{"", "loghost", "loghost"},
		{"", "[::1]:6514", "::1"},
		{"", "[fe80::1%eth0]:6514", "fe80::1"},
		{"unix", "/run/socket:1", ""},
	} {
		cfg := EmitterConfig{Network: test.network, Address: test.address, DefaultPort: 1, TLS: &tls.Config{InsecureSkipVerify: true}}
		assert.Equal(t, test.want, newTestEmitter(t, test.network, test.address, cfg).cfg.TLS.ServerName, test.address)
	}
	_, err := New(Config{Address: "/run/socket", TLS: &tls.Config{ServerName: "loghost"}})
	require.NoError(t, err)
}
