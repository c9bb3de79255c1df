package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheSyslogDaemonGetsEveryRecord(t *testing.T) {
	ok, _, stdout, stderr := try(t, t.Context(), config{requests: 2000}, kind{"syslog", func() destination { return new(syslogDaemon) }})
	assert.True(t, ok, stdout)
	assert.Regexp(t, `(?m)^syslog +2,000 +2,000 +0 +0 +0 +2,000 +\d{3},\d{3} +1$`, stdout)
	assert.Regexp(t, `^([\d,]+ of 2,000 requests, [\d,]+/s\n)*$`, stderr, "nothing is said but how far it is")
}

func TestTheSyslogDaemonGetsEveryLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "input")
	text := "plain\n\nNUL \x00 here\nfrom Windows\r\n<34>1 - - - - - - \"] \\ forged\n" + strings.Repeat("long ", 40_000) + "\n\xff"
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	ok, _, stdout, _ := try(t, t.Context(), config{input: path}, kind{"syslog", func() destination { return new(syslogDaemon) }})
	assert.True(t, ok, stdout)
	assert.Contains(t, stdout, "7 lines in ")
}

// TestAnotherSyslogDaemon is -syslog, with one that reads and keeps nothing.
func TestAnotherSyslogDaemon(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer conn.Close()
	target := "udp://" + conn.LocalAddr().String()
	ok, _, stdout, _ := try(t, t.Context(), config{requests: 100}, kind{"syslog", func() destination { return &syslogDaemon{target: target} }})
	assert.True(t, ok, stdout)

	_, err = (&syslogDaemon{target: "pigeon://loft"}).open(t.TempDir())
	assert.EqualError(t, err, "-syslog pigeon://loft: the network has to be tcp, udp or unixgram")
	for _, target := range []string{"%", "127.0.0.1:514", "localhost:514", "tcp://"} {
		_, err = (&syslogDaemon{target: target}).open(t.TempDir())
		assert.EqualError(t, err, "-syslog "+target+": write network://address, such as tcp://localhost:514 or unixgram:///dev/log")
	}
}
