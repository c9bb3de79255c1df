package sysloghandler

import (
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/internal/sockets"
)

func TestAddressesThatCanNeverWork(t *testing.T) {
	for _, test := range []struct {
		cfg  Config
		want string
	}{
		{Config{Network: "udp", Address: "/dev/log"}, `Config.Address "/dev/log" is the path of a unix socket: Network has to be "unix" or "unixgram", not "udp"`},
		{Config{Address: "/dev/log", TLS: new(tls.Config)}, `Config.Address "/dev/log" is the path of a unix socket`},
		{Config{Network: "relp", Address: "/dev/log"}, `Config.Address "/dev/log" is the path of a unix socket, and Network "relp" is over TCP`},
		{Config{Address: ":6514", TLS: new(tls.Config)}, `Config.TLS.ServerName is required, for Address ":6514" names no host`},
		{Config{Network: "unix", Address: "/run/log", TLS: new(tls.Config)}, `Config.TLS.ServerName is required`},
		{Config{Address: "tcp://loghost:514"}, `Config.Address "tcp://loghost:514" is a URL`},
		{Config{Address: "::1"}, `Config.Address "::1": an IPv6 address has to be in brackets, as in "[::1]:514"`},
		{Config{Address: "loghost:0"}, `Config.Address "loghost:0" has port 0`},
		{Config{Address: "loghost:99999"}, `Config.Address "loghost:99999" has port 99999`},
		{Config{Address: "loghost: 514"}, `Config.Address "loghost: 514" has port " 514"`},
		{Config{Network: "journal", Address: "unix:///run/systemd/journal/socket"}, `Config.Address "unix:///run/systemd/journal/socket" has to be the path of a unix socket`},
		{Config{Network: "journal", Address: "loghost:514"}, `Config.Address "loghost:514" has to be the path of a unix socket`},
		{Config{Address: "/run/\x00log"}, `Config.Address "/run/\x00log": there is a NUL in the path`},
		{Config{Address: "/" + strings.Repeat("x", 200)}, `Config.Address "/` + strings.Repeat("x", 200) + `" has 201 bytes: the path of a unix socket has at most`},
		{Config{Address: "log host"}, `Config.Address "log host": there is a blank`},
	} {
		t.Run(test.cfg.Address, func(t *testing.T) {
			_, err := New(test.cfg)
			require.ErrorContains(t, err, "sysloghandler: "+test.want)
		})
	}
}

func TestAddressesAsInPython(t *testing.T) {
	for _, cfg := range []Config{
		{Address: "loghost"}, {Address: "loghost", Network: "tcp"}, {Address: "loghost", TLS: new(tls.Config)}, {Address: "[::1]"},
		{Address: "loghost:domain"},
	} {
		_, err := New(cfg)
		require.NoError(t, err)
	}
	assert.Equal(t, 514, (&Config{}).defaultPort())
	assert.Equal(t, 6514, (&Config{TLS: new(tls.Config)}).defaultPort())
}

// TestPathWithoutANetwork is Python's SysLogHandler("/dev/log"): datagrams, or else a stream.
func TestPathWithoutANetwork(t *testing.T) {
	path := sockets.Path(t)
	conn, err := net.ListenPacket("unixgram", path)
	if err != nil {
		t.Skip("no unix datagrams here:", err)
	}
	grams := readDatagrams(t, conn)
	stream, lines := streams(t, "unix", markedBy('\n'))
	require.NoError(t, newCore(t, Config{Address: path, OnError: never(t)}).Write(entry("one"), nil))
	assert.Regexp(t, `^<14>... .. ..:..:.. .*one$`, sockets.Receive(t, grams), "in the form that daemons read there")
	require.NoError(t, newCore(t, Config{Address: stream, OnError: never(t)}).Write(entry("two"), nil))
	assert.Contains(t, sockets.Receive(t, lines), "two")
}

// TestSocketsAsPythonHasThem: a relative path is that of the working directory at construction, and a NUL begins a name that is no file's.
func TestSocketsAsPythonHasThem(t *testing.T) {
	dir := filepath.Dir(sockets.Path(t))
	t.Chdir(dir)
	addresses := map[string]string{"./log": "log", "../" + filepath.Base(dir) + "/log2": "log2"}
	if runtime.GOOS == "linux" {
		name := "zaphandlers-test-" + strconv.Itoa(os.Getpid())
		addresses["\x00"+name], addresses["@"+name+"-2"] = "@"+name, "@"+name+"-2"
	}
	for address, listens := range addresses {
		conn, err := net.ListenPacket("unixgram", listens)
		if err != nil {
			t.Skip("no unix datagrams here:", err)
		}
		grams := readDatagrams(t, conn)
		core := newCore(t, Config{Address: address, OnError: never(t)})
		t.Chdir(t.TempDir())
		require.NoError(t, core.Write(entry("one"), nil), "%q", address)
		assert.Contains(t, sockets.Receive(t, grams), "one")
		t.Chdir(dir)
	}
}
