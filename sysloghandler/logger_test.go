package sysloghandler

import (
	"bytes"
	"net"
	"os/exec"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/peers"
	"example.com/zaphandlers/internal/sockets"
)

// logged returns the datagram that util-linux's logger(1) sends for args.
func logged(t *testing.T, args ...string) string {
	t.Helper()
	address, received := datagrams(t, "udp")
	host, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	program := peers.Program(t, "logger")
	if version, _ := exec.Command(program, "--version").Output(); !bytes.Contains(version, []byte("util-linux")) {
		peers.Missing(t, "util-linux's logger")
	}
	cmd := exec.Command(program, append([]string{"--server", host, "--port", port, "--udp"}, args...)...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return sockets.Receive(t, received)
}

func TestParsesAsLoggersMessageDoes(t *testing.T) {
	const value = `quoted "text" in [brackets] and a \ and é`
	theirs, err := parse(logged(t, "--rfc5424=notq", "--priority", "local3.warning", "--tag", "shop", "--id=4711", "--msgid", "orders",
		"--sd-id", "fields@32473", "--sd-param", `path="/a b"`, "--sd-param", `value="quoted \"text\" in [brackets\] and a \\ and é"`, "--", "order taken"))
	require.NoError(t, err)

	cfg := fixed()
	cfg.Hostname, cfg.Facility = theirs.host, "local3"
	ours := parsed(t, cfg, zapcore.Entry{Level: zapcore.WarnLevel, Time: time.Now(), LoggerName: "orders", Message: "order taken"},
		zap.String("path", "/a b"), zap.String("value", value))
	assert.Regexp(t, `\.[0-9]{6}(Z|[+-])`, theirs.time)
	assert.Regexp(t, `\.[0-9]{6}(Z|[+-])`, ours.time)
	ours.time = theirs.time
	assert.Equal(t, theirs, ours)
}

func TestReadsAsLoggersRFC3164Does(t *testing.T) {
	form := regexp.MustCompile(`^<156>[A-Z][a-z]{2} [ 1-3][0-9] [0-9:]{8} ([!-~]+) shop\[4711\]: order taken$`)
	theirs := logged(t, "--rfc3164", "--priority", "local3.warning", "--tag", "shop", "--id=4711", "--", "order taken")
	require.Regexp(t, form, theirs)

	cfg := fixed()
	cfg.Format, cfg.Facility, cfg.Hostname = RFC3164, "local3", form.FindStringSubmatch(theirs)[1]
	assert.Regexp(t, form, format(t, cfg, zapcore.Entry{Level: zapcore.WarnLevel, Time: time.Now(), Message: "order taken"}))
}
