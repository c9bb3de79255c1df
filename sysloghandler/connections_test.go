package sysloghandler

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestADaemonThatHasEnoughConnections: syslog-ng takes ten by default. It accepts one more and closes it, so that what is written
// to it at once is lost; here nothing is, and nothing counts as delivered.
func TestADaemonThatHasEnoughConnections(t *testing.T) {
	d := startSyslogNG(t)
	cfg := d.ways()["TCP octet counting"]
	require.NoError(t, newCore(t, cfg).Write(entry("the first"), nil))
	require.Eventually(t, func() bool { return len(d.records()) == 1 }, soon, tick)
	var others []net.Conn
	for range 9 {
		conn, err := net.Dial("tcp", local4(d.conf.TCP))
		require.NoError(t, err)
		defer conn.Close()
		others = append(others, conn)
	}
	cfg.RetryStart, cfg.RetryMax, cfg.OnError = 20*time.Millisecond, 20*time.Millisecond, ignore
	core := newCore(t, cfg)
	require.Error(t, core.Write(entry("one too many"), nil))
	for range 50 {
		require.Error(t, core.Write(entry("one too many"), nil))
		<-time.After(tick)
	}
	assert.Zero(t, core.Stats().Delivered)
	for _, conn := range others {
		_ = conn.Close()
	}
	require.Eventually(t, func() bool { return core.Write(entry("in its place"), nil) == nil }, soon, tick)
	require.Eventually(t, func() bool { return len(d.records()) == 2 }, soon, tick)
	assert.EqualValues(t, 1, core.Stats().Delivered)
}
