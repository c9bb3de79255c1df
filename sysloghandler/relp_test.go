package sysloghandler

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/internal/peers"
	"example.com/zaphandlers/internal/sockets"
)

// startRELP runs an rsyslog that receives by RELP, and returns it with the ports for that, in the clear and with TLS.
func startRELP(t testing.TB) (d *daemon, plain, secure int) {
	program := peers.Program(t, "rsyslogd")
	d = newDaemon(t, "relp.conf")
	conf := filepath.Join(d.conf.Dir, "relp.conf")
	text := fmt.Sprintf(`global(workDirectory="%[1]s" net.enableDNS="off")
module(load="imrelp" tls.tlslib="openssl")
template(name="json" type="list" option.jsonf="on") {
  property(outname="app" name="app-name" format="jsonf") property(outname="sd" name="structured-data" format="jsonf")
  property(outname="msg" name="msg" format="jsonf") }
ruleset(name="out") { action(type="omfile" file="%[2]s" template="json" asyncWriting="off" flushOnTXEnd="on") }
input(type="imrelp" address="127.0.0.1" port="%[3]d" ruleset="out")
input(type="imrelp" address="127.0.0.1" port="%[4]d" ruleset="out" tls="on" tls.cacert="%[5]s" tls.mycert="%[6]s" tls.myprivkey="%[7]s")
`, d.conf.Dir, d.conf.Out, d.conf.TCP, d.conf.TLS, d.conf.CA, d.conf.Cert, d.conf.Key)
	require.NoError(t, os.WriteFile(conf, []byte(text), 0o600))
	d.argv = []string{program, "-n", "-f", conf, "-i", filepath.Join(d.conf.Dir, "pid")}
	if out, err := exec.Command(program, "-N1", "-f", conf).CombinedOutput(); err != nil {
		peers.Missing(t, "rsyslog does not speak RELP (package rsyslog-relp): "+string(out))
	}
	d.startListening(d.conf.TCP, d.conf.TLS)
	require.Eventually(t, func() bool { return opensSession(local4(d.conf.TCP)) }, soon, tick, "it listens before it serves")
	return d, d.conf.TCP, d.conf.TLS
}

// opensSession tells whether a receiver of RELP answers an open.
func opensSession(address string) bool {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	defer conn.Close()
	const offers = "relp_version=0\nrelp_software=test\ncommands=syslog"
	if _, err := fmt.Fprintf(conn, "1 open %d %s\n", len(offers), offers); err != nil {
		return false
	}
	_ = conn.SetReadDeadline(time.Now().Add(soon))
	_, err = conn.Read(make([]byte, 1))
	return err == nil
}

// startListening runs the daemon and waits until it listens at ports.
func (d *daemon) startListening(ports ...int) {
	d.t.Helper()
	d.cmd = exec.Command(d.argv[0], d.argv[1:]...)
	require.NoError(d.t, d.cmd.Start())
	for _, port := range ports {
		require.Eventually(d.t, func() bool {
			conn, err := net.Dial("tcp", local4(port))
			if err == nil {
				_ = conn.Close()
			}
			return err == nil
		}, soon, tick, "the daemon listens at %d", port)
	}
}

// TestRELP sends to rsyslog, and holds that what is delivered is there.
func TestRELP(t *testing.T) {
	d, plain, secure := startRELP(t)
	for _, test := range []struct {
		name string
		cfg  Config
	}{
		{"in the clear", Config{Address: local4(plain)}},
		{"with TLS", Config{Address: local4(secure), TLS: d.clientTLS(false)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			const records = 3000
			before := len(d.records())
			test.cfg.Network, test.cfg.SequenceID, test.cfg.Timeout, test.cfg.OnError = "relp", true, soon, never(t)
			core := newCore(t, test.cfg)
			for i := range records {
				require.NoError(t, core.Write(entry(fmt.Sprintf("record %d\nof two lines", i)), nil))
			}
			require.NoError(t, core.Sync())
			assert.Equal(t, Stats{Accepted: records, Delivered: records}, core.Stats())
			require.NoError(t, core.Close())
			require.Eventually(t, func() bool { return len(d.records()) == before+records }, soon, 20*tick)
			assert.Contains(t, d.records()[before].SD, `sequenceId="1"`)
		})
	}
}

// TestRELPLosesNothing sends over connections that are reset.
func TestRELPLosesNothing(t *testing.T) {
	d, plain, _ := startRELP(t)
	const records, cuts = 5000, 10
	proxy := sockets.Relay(t, local4(plain))
	core := newCore(t, Config{Network: "relp", Address: proxy.Address(), SequenceID: true, Timeout: soon, RetryStart: time.Millisecond,
		RetryMax: 10 * time.Millisecond, OnError: ignore})
	refused := 0
	for i := range records {
		if i%(records/cuts) == records/cuts/2 {
			proxy.Cut()
		}
		require.Eventually(t, func() bool {
			err := core.Write(entry(fmt.Sprint("record ", i)), nil)
			if err != nil {
				refused++
			}
			return err == nil
		}, soon, tick)
	}
	require.Eventually(t, func() bool { return core.Sync() == nil }, soon, tick)
	assert.Equal(t, Stats{Accepted: records, Delivered: records, Refused: uint64(refused)}, core.Stats())
	require.NoError(t, core.Close())
	seen := make(map[string]int)
	require.Eventually(t, func() bool {
		clear(seen)
		for _, r := range d.records() {
			seen[r.Msg]++
		}
		return len(seen) >= records
	}, soon, 50*tick)
	assert.Len(t, seen, records)
	copies := 0
	for _, n := range seen {
		copies += n - 1
	}
	t.Logf("%d records, %d resets: none lost, %d came twice", records, cuts, copies)
	assert.LessOrEqual(t, copies, cuts*1000, "at most a window for each reset")
}

// TestRELPReceiverThatWasKilled: what it had not acknowledged is sent to the one that comes after it.
func TestRELPReceiverThatWasKilled(t *testing.T) {
	d, plain, secure := startRELP(t)
	core := newCore(t, Config{Network: "relp", Address: local4(plain), Timeout: soon, RetryStart: time.Millisecond, RetryMax: 10 * time.Millisecond, OnError: ignore})
	written := 0
	write := func(n int) {
		for range n {
			require.Eventually(t, func() bool { return core.Write(entry(fmt.Sprint("record ", written)), nil) == nil }, soon, tick)
			written++
		}
	}
	for range 3 {
		write(100)
		require.NoError(t, core.Sync())
		require.Eventually(t, func() bool { return len(d.records()) >= written }, soon, 20*tick, "what is acknowledged is in its memory, and not yet stored")
		d.kill()
		require.Error(t, core.Write(entry("refused"), nil), "nobody is there")
		d.startListening(plain, secure)
	}
	write(1)
	require.Eventually(t, func() bool { return core.Sync() == nil }, soon, tick)
	require.Eventually(t, func() bool { return len(d.records()) == written }, soon, 20*tick)
	assert.EqualValues(t, written, core.Stats().Delivered)
}
